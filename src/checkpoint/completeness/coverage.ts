// Whether the chunks of a tensor cover it exactly once. Pure.
import type { Chunk, TensorEntry } from '../types.ts';

/** Comparisons that irregular chunks may cost; regular ones need none. */
const MAX_COMPARISONS = 20_000_000;

/** What is wrong with the chunks of one tensor, or null. */
export function findCoverageProblem({ shape, chunks }: Pick<TensorEntry, 'shape' | 'chunks'>): string | null {
  const volume = product(shape);
  if (!Number.isSafeInteger(volume)) return `its shape [${shape.join(', ')}] has more elements than can be counted`;
  const filled = chunks.filter(({ sizes }) => !sizes.includes(0));
  const stored = filled.reduce((sum, { sizes }) => sum + product(sizes), 0);
  if (stored !== volume)
    return `its ${chunks.length} chunks hold ${stored} elements, its shape [${shape.join(', ')}] has ${volume}`;
  const budget = { left: MAX_COMPARISONS };
  const overlap = findOverlap(filled, 0, shape.length, budget);
  if (budget.left < 0) return `its ${chunks.length} chunks are too irregular to be compared`;
  // As many elements as the shape has, inside the shape, none of them twice: exact.
  return overlap === null
    ? null
    : `its chunks at [${overlap[0].offsets.join(', ')}] and [${overlap[1].offsets.join(', ')}] overlap`;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((volume, size) => volume * size, 1);
}

/**
 * Chunks come from grids, so along an axis their intervals are equal or disjoint: sorted by interval they fall into groups, and
 * each group is looked at along the next axis. Only where intervals cross are chunks compared in pairs.
 */
function findOverlap(
  chunks: readonly Chunk[],
  axis: number,
  axes: number,
  budget: { left: number },
): readonly [Chunk, Chunk] | null {
  const [first, second] = chunks;
  if (first === undefined || second === undefined) return null;
  if (axis === axes) return [first, second];
  const groups = new Map<string, Chunk[]>();
  for (const chunk of chunks) {
    const key = `${chunk.offsets[axis]} ${chunk.sizes[axis]}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [chunk]);
    else group.push(chunk);
  }
  const intervals = [...groups.values()].sort(([a], [b]) => (a?.offsets[axis] ?? 0) - (b?.offsets[axis] ?? 0));
  const disjoint = intervals.every(([chunk], index) => {
    const next = intervals[index + 1]?.[0];
    return chunk === undefined || next === undefined || end(chunk, axis) <= (next.offsets[axis] ?? 0);
  });
  if (!disjoint) return findPair(chunks, budget);
  for (const group of intervals) {
    const overlap = findOverlap(group, axis + 1, axes, budget);
    if (overlap !== null || budget.left < 0) return overlap;
  }
  return null;
}

function findPair(chunks: readonly Chunk[], budget: { left: number }): readonly [Chunk, Chunk] | null {
  for (const [index, one] of chunks.entries()) {
    for (let other = index + 1; other < chunks.length; other += 1) {
      budget.left -= 1;
      if (budget.left < 0) return null;
      const two = chunks[other];
      if (two !== undefined && crosses(one, two)) return [one, two];
    }
  }
  return null;
}

function crosses(one: Chunk, two: Chunk): boolean {
  return one.offsets.every((offset, axis) => offset < end(two, axis) && (two.offsets[axis] ?? 0) < end(one, axis));
}

function end(chunk: Chunk, axis: number): number {
  return (chunk.offsets[axis] ?? 0) + (chunk.sizes[axis] ?? 0);
}
