// What the operator of this worker allows: paths, and code of the reference.
import { isAbsolute } from 'node:path';
import type { ConversionInput } from '../contract/input.ts';
import { findOutside } from '../files/allowed-roots.ts';
import { explainRefusedCode } from '../reference/remote-code.ts';
import type { Reference } from '../reference/types.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';

type PolicyInput = Pick<ConversionInput, 'megatron_path' | 'hf_path' | 'smoke' | 'hf_model_id'>;

/** Paths of the request that lie outside the allowed roots once links are resolved, a sentence each. */
export async function refusePaths(
  input: PolicyInput,
  { allowedRoots }: Pick<WorkerPolicy, 'allowedRoots'>,
): Promise<string[]> {
  const paths: [name: string, path: string | null | undefined][] = [
    ['megatron_path', input.megatron_path],
    ['hf_path', input.hf_path],
    ['smoke.offload_folder', input.smoke.offload_folder],
    ['hf_model_id', isAbsolute(input.hf_model_id) ? input.hf_model_id : null],
  ];
  const problems: string[] = [];
  for (const [name, path] of paths) {
    if (path == null) continue;
    const problem = await findOutside(name, path, allowedRoots);
    if (problem !== null) problems.push(problem);
  }
  return problems;
}

/** What will happen to the code of a reference that has some, or null where it has none. */
export function describeRemoteCode(
  input: Pick<ConversionInput, 'trust_remote_code'>,
  policy: Pick<WorkerPolicy, 'remoteCode'>,
  reference: Pick<Reference, 'id' | 'revision' | 'digest' | 'remoteCode'>,
): string | null {
  if (reference.remoteCode.length === 0) return null;
  const name = reference.revision === null ? reference.digest : `${reference.id}@${reference.revision}`;
  const what = `the reference has code of its own (${reference.remoteCode.join(', ')})`;
  const refusal = explainRefusedCode(input, policy, reference);
  if (refusal === null) {
    return `${what}; it may run in the smoke generation, as the request and the worker policy allow it (${name}).`;
  }
  return `${what}; it is copied but does not run: ${refusal}.`;
}
