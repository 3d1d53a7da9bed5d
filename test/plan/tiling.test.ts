// Whether chunks cover a tensor exactly once: by name, and against a plain count of elements.
import { describe, expect, it } from 'vitest';
import { tilingProblem } from '../../src/plan/tiling.ts';
import { makeRandom, pick } from '../support/plan-random.ts';

interface Box {
  readonly offsets: number[];
  readonly sizes: number[];
}

const box = (offsets: number[], sizes: number[]): Box => ({ offsets, sizes });

describe('tilingProblem', () => {
  it.each([
    ['one chunk', [4, 6], [box([0, 0], [4, 6])]],
    ['a grid', [4, 6], [box([0, 0], [2, 6]), box([2, 0], [2, 3]), box([2, 3], [2, 3])]],
    ['bricks', [2, 4], [box([0, 0], [1, 3]), box([0, 3], [1, 1]), box([1, 0], [1, 1]), box([1, 1], [1, 3])]],
    ['a scalar', [], [box([], [])]],
    ['nothing', [0, 3], []],
    ['an empty chunk beside a full one', [4], [box([0], [4]), box([4], [0])]],
  ])('accepts %s', (_, shape, boxes) => expect(tilingProblem(shape, boxes)).toBeNull());

  it.each([
    ['a gap', [4], [box([0], [2]), box([3], [1])], '1 of 4 elements are in no chunk'],
    ['an overlap', [4], [box([0], [3]), box([2], [2])], 'two chunks overlap at [2]'],
    ['the same chunk twice', [2, 2], [box([0, 0], [2, 2]), box([0, 0], [2, 2])], 'two chunks overlap at [0, 0]'],
    ['an overlap that a gap makes up for', [4], [box([0], [2]), box([1], [2])], 'two chunks overlap at [1]'],
    ['a chunk outside', [4], [box([2], [3])], 'chunk at [2] of size [3] is not inside [4]'],
    ['a negative offset', [4], [box([-1], [4])], 'chunk at [-1] of size [4] is not inside [4]'],
    ['another rank', [4, 1], [box([0], [4])], 'chunk at [0] of size [4] is not inside [4, 1]'],
  ])('names %s', (_, shape, boxes, problem) => expect(tilingProblem(shape, boxes)).toBe(problem));

  it.each([
    ['a staircase', 8000, (i: number) => box([i, i], [8000, 1]), '64000000 of 128000000 elements are in no chunk'],
    ['crossing bars', 20_000, (i: number) => box([0, 0], [20_000, 20_000 - i]), '20000 chunks are too irregular'],
  ])('is done soon with %s', (_, count, make, problem) => {
    const started = performance.now();
    const chunks = Array.from({ length: count }, (_each, i) => make(i));
    const shape = count === 8000 ? [16_000, 8000] : [count, count];
    expect(tilingProblem(shape, chunks)).toContain(problem);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('agrees with a count of every element', () => {
    let refused = 0;
    for (let seed = 1; seed <= 2000; seed += 1) {
      const random = makeRandom(seed);
      const shape = [pick(random, 1, 3), pick(random, 1, 3)];
      const boxes = Array.from({ length: pick(random, 1, 4) }, () => {
        const offsets = shape.map((size) => pick(random, 0, size - 1));
        return box(
          offsets,
          offsets.map((offset, k) => pick(random, 0, (shape[k] ?? 0) - offset)),
        );
      });
      const exact = countElements(shape, boxes).every((count) => count === 1);
      expect(tilingProblem(shape, boxes) === null, `seed ${seed}`).toBe(exact);
      if (!exact) refused += 1;
    }
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(2000);
  });
});

function countElements([rows = 0, columns = 0]: number[], boxes: Box[]): number[] {
  const counts = Array.from({ length: rows * columns }, () => 0);
  for (const { offsets, sizes } of boxes) {
    const [r = 0, c = 0] = offsets;
    const [height = 0, width = 0] = sizes;
    for (let i = r; i < r + height; i += 1) {
      for (let j = c; j < c + width; j += 1) counts[i * columns + j] = (counts[i * columns + j] ?? 0) + 1;
    }
  }
  return counts;
}
