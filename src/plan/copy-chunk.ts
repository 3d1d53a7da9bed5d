// One stored chunk of a source tensor -> the strided copies that take its elements to the targets.
import type { Chunk, DType } from '../checkpoint/types.ts';
import { cutRun } from './cut-run.ts';
import type { RowMap } from './row-maps.ts';
import { coalesce, dot, rowMajorStrides, volume } from './strides.ts';
import type { Copy } from './types.ts';

/** A copy before files exist: it names its chunk instead of an item of a file. */
export interface DraftCopy extends Omit<Copy, 'item'> {
  readonly chunk: Chunk;
  readonly dtype: DType;
}

export interface ChunkCopy {
  /** Index on the prepended axis, or null where the key has none. */
  readonly layer: number | null;
  /** Index into the rule's `to`. */
  readonly target: number;
  readonly copy: DraftCopy;
}

/**
 * @param shape global shape of the source tensor
 * @param stacked whether axis 0 is the layer axis
 */
export function copyChunk(
  chunk: Chunk,
  dtype: DType,
  shape: readonly number[],
  stacked: boolean,
  map: RowMap,
): ChunkCopy[] {
  if (volume(chunk.sizes) === 0) return [];
  const rowAxis = stacked ? 1 : 0;
  const itemStrides = rowMajorStrides(chunk.sizes);
  const from = chunk.offsets[rowAxis] ?? 0;
  const to = from + (chunk.sizes[rowAxis] ?? 1);
  const sourceRow = itemStrides[rowAxis] ?? 1;
  const rest = shape.slice(rowAxis + 1);
  const restStrides = rowMajorStrides(rest);
  const restOffset = dot(chunk.offsets.slice(rowAxis + 1), restStrides);
  const restSizes = chunk.sizes.slice(rowAxis + 1);
  const targetRow = volume(rest);
  const pieces = map.runs
    .flatMap((run) => cutRun(run, from, to))
    .map((piece) => ({
      target: piece.target,
      sourceOffset: (piece.source - from) * sourceRow,
      targetOffset: piece.targetRow * targetRow + restOffset,
      ...coalesce({
        shape: [piece.repeats, piece.rows, ...restSizes],
        sourceStrides: [piece.sourcePeriod * sourceRow, sourceRow, ...itemStrides.slice(rowAxis + 1)],
        targetStrides: [piece.targetPeriod * targetRow, targetRow, ...restStrides],
      }),
    }));
  const copies: ChunkCopy[] = [];
  const layers = stacked ? (chunk.sizes[0] ?? 1) : 1;
  for (let l = 0; l < layers; l += 1) {
    const layer = stacked ? (chunk.offsets[0] ?? 0) + l : null;
    const base = stacked ? l * (itemStrides[0] ?? 1) : 0;
    for (const { target, sourceOffset, ...box } of pieces) {
      copies.push({ layer, target, copy: { chunk, dtype, sourceOffset: base + sourceOffset, ...box } });
    }
  }
  return copies;
}
