// One stored chunk of a source tensor -> the strided copies that take its elements to the targets.
import type { Chunk, DType } from '../checkpoint/types.ts';
import { cutRun } from './cut-run.ts';
import type { RowMap, RowRun } from './row-maps.ts';
import { coalesce, dot, rowMajorStrides, volume } from './strides.ts';
import type { Copy } from './types.ts';

/** A copy before files exist: it names its chunk instead of an item of a file. */
export interface DraftCopy extends Omit<Copy, 'item'> {
  readonly chunk: Chunk;
  readonly dtype: DType;
}

export interface ChunkCopy {
  /** Indices on the leading axes. */
  readonly lead: readonly number[];
  /** Index into the rule's `to`. */
  readonly target: number;
  readonly copy: DraftCopy;
}

/** A source tensor as one part of the rows that a map speaks of. */
export interface MappedRows {
  /** Global shape of the tensor. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** How many leading axes count layers or experts. */
  readonly leads: number;
  /** The map's row for the tensor's row 0: tensors that are joined follow each other. */
  readonly firstRow: number;
  readonly map: RowMap;
}

export function copyChunk(chunk: Chunk, source: MappedRows): ChunkCopy[] {
  if (volume(chunk.sizes) === 0) return [];
  const { leads, firstRow, map, dtype } = source;
  const strides = rowMajorStrides(chunk.sizes);
  const from = firstRow + (chunk.offsets[leads] ?? 0);
  const to = from + (chunk.sizes[leads] ?? 1);
  const pieces = map.runs
    .flatMap((run) => cutRun(run, from, to))
    .map((piece) => ({ target: piece.target, ...boxOf(piece, chunk, source, strides) }));
  return leadIndices(chunk.sizes.slice(0, leads)).flatMap((at) => {
    const base = dot(at, strides);
    const lead = at.map((index, k) => index + (chunk.offsets[k] ?? 0));
    return pieces.map(({ target, sourceOffset, ...box }) => ({
      lead,
      target,
      copy: { chunk, dtype, sourceOffset: base + sourceOffset, ...box },
    }));
  });
}

/** The box of one piece of a run. `strides` are those of the chunk. */
function boxOf(
  piece: RowRun,
  chunk: Chunk,
  { shape, leads, firstRow, map }: MappedRows,
  strides: readonly number[],
): Omit<DraftCopy, 'chunk' | 'dtype'> {
  const columns = shape.slice(leads + 1);
  // Elements from one target row to the next, and from one column to the next.
  const row = map.transposed ? 1 : volume(columns);
  const column = map.transposed ? (map.targetRows[piece.target] ?? 0) : 1;
  const columnStrides = rowMajorStrides(columns).map((stride) => stride * column);
  const sourceRow = strides[leads] ?? 1;
  return {
    sourceOffset: (piece.source - firstRow - (chunk.offsets[leads] ?? 0)) * sourceRow,
    targetOffset: piece.targetRow * row + dot(chunk.offsets.slice(leads + 1), columnStrides),
    ...coalesce({
      shape: [piece.repeats, piece.rows, ...chunk.sizes.slice(leads + 1)],
      sourceStrides: [piece.sourcePeriod * sourceRow, sourceRow, ...strides.slice(leads + 1)],
      targetStrides: [piece.targetPeriod * row, piece.targetStep * row, ...columnStrides],
    }),
  };
}

/** All indices of a box of these sizes, the last one running fastest; one empty index where there is no axis. */
function leadIndices(sizes: readonly number[]): number[][] {
  let indices: number[][] = [[]];
  for (const size of sizes) {
    indices = indices.flatMap((head) => Array.from({ length: size }, (_, index) => [...head, index]));
  }
  return indices;
}
