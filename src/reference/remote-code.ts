// Whether code of a reference may run: only where the request and the worker's policy both allow it.
import type { ConversionInput } from '../contract/input.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';

export interface CodeIdentity {
  readonly id: string;
  /** Commit, for hub references. */
  readonly revision: string | null;
  /** Digest of the reference's files, for directories. */
  readonly digest: string;
}

/** The policy lists `repository@commit`, the digest of a directory, or `*`. A branch name never matches: it can move. */
export function isRemoteCodeAllowed(
  input: Pick<ConversionInput, 'trust_remote_code'>,
  policy: Pick<WorkerPolicy, 'remoteCode'>,
  code: CodeIdentity,
): boolean {
  if (!input.trust_remote_code) return false;
  const names = new Set(['*', code.digest, ...(code.revision === null ? [] : [`${code.id}@${code.revision}`])]);
  return policy.remoteCode.some((allowed) => names.has(allowed));
}
