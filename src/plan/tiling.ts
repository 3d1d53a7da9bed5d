// Whether the chunks of a tensor cover its box exactly once. PyTorch checks the same at save (`_validate_global_plan`).
import { volume } from './strides.ts';

interface Box {
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
}

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
  const overlap = findOverlap(
    chunks.filter(({ sizes }) => volume(sizes) > 0),
    0,
    shape.length,
  );
  if (overlap) return `two chunks overlap at [${overlap.join(', ')}]`;
  const missing = volume(shape) - covered;
  return missing === 0 ? null : `${missing} of ${volume(shape)} elements are in no chunk`;
}

/** Sweeps axis after axis: two boxes meet only where their intervals do on every axis. Linear for the regular grids of real saves. */
function findOverlap(boxes: readonly Box[], axis: number, axes: number): readonly number[] | null {
  const [, second] = boxes;
  if (!second) return null;
  if (axis === axes) return second.offsets;
  const begin = (box: Box): number => box.offsets[axis] ?? 0;
  const end = (box: Box): number => begin(box) + (box.sizes[axis] ?? 0);
  const byBegin = Map.groupBy(boxes, begin);
  let open: readonly Box[] = [];
  for (const at of [...byBegin.keys()].sort((a, b) => a - b)) {
    open = [...open.filter((box) => end(box) > at), ...(byBegin.get(at) ?? [])];
    const overlap = findOverlap(open, axis + 1, axes);
    if (overlap) return overlap;
  }
  return null;
}
