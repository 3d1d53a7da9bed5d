// Whether code of a reference may run: only where the request and the worker's policy both allow it.
import type { ConversionInput } from '../contract/input.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';

export interface CodeIdentity {
  readonly id: string;
  /** Commit, for hub references. */
  readonly revision: string | null;
  /** Digest of the reference's files, for directories. */
  readonly digest: string;
  /** What its `auto_map`s name; `org/name--module.Class` is code of another repository. */
  readonly remoteCode: readonly string[];
}

/** The code that the policy would have to name. */
const nameOf = (code: CodeIdentity): string => (code.revision === null ? code.digest : `${code.id}@${code.revision}`);

/** The policy lists `repository@commit`, the digest of a directory, or `*`. A branch name never matches: it can move. */
export function isRemoteCodeAllowed(
  input: Pick<ConversionInput, 'trust_remote_code'>,
  policy: Pick<WorkerPolicy, 'remoteCode'>,
  code: CodeIdentity,
): boolean {
  return explainRefusedCode(input, policy, code) === null;
}

/** Why code may not run, a clause such as `trust_remote_code=false`; null where it may. */
export function explainRefusedCode(
  input: Pick<ConversionInput, 'trust_remote_code'>,
  policy: Pick<WorkerPolicy, 'remoteCode'>,
  code: CodeIdentity,
): string | null {
  if (!input.trust_remote_code) return 'trust_remote_code=false';
  if (policy.remoteCode.includes('*')) return null;
  // transformers takes it from the worker's cache at whatever `main` is there: an `auto_map` names no commit, so nothing can pin it.
  const foreign = code.remoteCode.filter((name) => name.includes('--'));
  if (foreign.length > 0) {
    return (
      `${foreign.join(', ')} is code of another repository at no certain commit, which a worker runs only with remote_code: ['*']; ` +
      'a copy of the reference with that code in it can be allowed by its digest'
    );
  }
  if (policy.remoteCode.some((allowed) => allowed === code.digest || allowed === nameOf(code))) return null;
  return `the worker policy does not name ${nameOf(code)} under remote_code`;
}
