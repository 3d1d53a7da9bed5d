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

/** The policy lists `repository@commit`, the digest of a directory, or `*`. A branch name never matches: it can move. */
export function isRemoteCodeAllowed(
  input: Pick<ConversionInput, 'trust_remote_code'>,
  policy: Pick<WorkerPolicy, 'remoteCode'>,
  code: CodeIdentity,
): boolean {
  if (!input.trust_remote_code) return false;
  if (policy.remoteCode.includes('*')) return true;
  // transformers takes it from the worker's cache at whatever `main` is there: an `auto_map` names no commit, so nothing can pin it.
  if (code.remoteCode.some((name) => name.includes('--'))) return false;
  const names = new Set([code.digest, ...(code.revision === null ? [] : [`${code.id}@${code.revision}`])]);
  return policy.remoteCode.some((allowed) => names.has(allowed));
}
