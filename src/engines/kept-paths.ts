// What of a request must survive the publishing, besides the checkpoint.
import { isAbsolute } from 'node:path';
import type { ConversionInput } from '../contract/input.ts';
import type { KeptPath } from '../publish/target-rules.ts';

/** @param referencePath where the reference's files lie, when that is known: `hf_model_id` may be an id */
export function keptOf(
  { hf_model_id: id, smoke }: Pick<ConversionInput, 'hf_model_id' | 'smoke'>,
  referencePath: string | null = null,
): readonly KeptPath[] {
  const references = new Set([...(isAbsolute(id) ? [id] : []), ...(referencePath === null ? [] : [referencePath])]);
  return [
    ...[...references].map((path) => ({ what: 'reference', path })),
    ...(smoke.offload_folder == null ? [] : [{ what: 'smoke.offload_folder', path: smoke.offload_folder }]),
  ];
}
