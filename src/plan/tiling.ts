// Whether the chunks of a tensor cover its box exactly once. PyTorch checks the same at save (`_validate_global_plan`).
import { findOverlap, type Box } from '../checkpoint/find-overlap.ts';
import { volume } from './strides.ts';

/** What is wrong with the chunks of a tensor of this shape, or null. */
export function tilingProblem(shape: readonly number[], chunks: readonly Box[]): string | null {
  let covered = 0;
  for (const { offsets, sizes } of chunks) {
    const inside =
      offsets.length === shape.length &&
      sizes.length === shape.length &&
      shape.every((size, k) => (offsets[k] ?? -1) >= 0 && (offsets[k] ?? 0) + (sizes[k] ?? 0) <= size);
    if (!inside)
      return `chunk at [${offsets.join(', ')}] of size [${sizes.join(', ')}] is not inside [${shape.join(', ')}]`;
    covered += volume(sizes);
  }
  const overlap = findOverlap(chunks, shape.length);
  if (overlap === 'too irregular') return `${chunks.length} chunks are too irregular to be compared in reasonable time`;
  if (overlap) {
    const [one, two] = overlap;
    const corner = one.offsets.map((offset, k) => Math.max(offset, two.offsets[k] ?? 0));
    return `two chunks overlap at [${corner.join(', ')}]`;
  }
  const missing = volume(shape) - covered;
  return missing === 0 ? null : `${missing} of ${volume(shape)} elements are in no chunk`;
}
