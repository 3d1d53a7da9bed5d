import { describe, expect, it } from 'vitest';
import type { Copy } from '../../src/plan/types.ts';
import { stripsOf } from '../../src/rank/strips.ts';
import { seededRandom } from '../support/rank-random.ts';

/** Every (target, source) pair of a copy, by its definition. */
function pairsOf(copy: Copy): Map<number, number> {
  const pairs = new Map<number, number>();
  const walk = (axis: number, source: number, target: number): void => {
    if (axis === copy.shape.length) {
      pairs.set(target, source);
      return;
    }
    for (let i = 0; i < (copy.shape[axis] ?? 0); i++)
      walk(axis + 1, source + i * (copy.sourceStrides[axis] ?? 0), target + i * (copy.targetStrides[axis] ?? 0));
  };
  walk(0, copy.sourceOffset, copy.targetOffset);
  return pairs;
}

/** The pairs of the strips in `[begin, end)`. */
function stripPairs(copy: Copy, begin: number, end: number): Map<number, number> {
  const pairs = new Map<number, number>();
  for (const strip of stripsOf(copy, begin, end)) {
    for (let row = 0; row < strip.rows; row++) {
      for (let column = 0; column < strip.columns; column++) {
        const target = strip.target + row * strip.targetRowStride + column * strip.targetColumnStride;
        expect(pairs.has(target)).toBe(false);
        expect(target >= begin && target < end).toBe(true);
        pairs.set(target, strip.source + row * strip.sourceRowStride + column * strip.sourceColumnStride);
      }
    }
  }
  return pairs;
}

/** A copy between two row-major tensors with a box in each, in steps of up to three elements; `transposed` reverses the source axes. */
function randomCopy(random: () => number, transposed: boolean): Copy {
  const below = (n: number): number => Math.floor(random() * n);
  const shape = Array.from({ length: below(5) }, () => 1 + below(5));
  const box = (): { strides: number[]; offset: number } => {
    const outer = shape.map((size) => size + below(3));
    const step = 1 + below(3);
    const strides = outer.map((_, axis) => outer.slice(axis + 1).reduce((product, size) => product * size, step));
    return {
      strides,
      offset: shape.reduce((sum, size, k) => sum + below((outer[k] ?? size) - size + 1) * (strides[k] ?? 1), 0),
    };
  };
  const source = box();
  const target = box();
  const sourceStrides = transposed ? source.strides.toReversed() : source.strides;
  return {
    item: 0,
    shape,
    sourceOffset: source.offset,
    sourceStrides,
    targetOffset: target.offset,
    targetStrides: target.strides,
  };
}

describe.each([false, true])('strips, transposed %s', (transposed) => {
  it('cover each element of the range once, whatever the copy and the blocks are', () => {
    const random = seededRandom(transposed ? 11 : 7);
    for (let round = 0; round < 300; round++) {
      const copy = randomCopy(random, transposed);
      const expected = pairsOf(copy);
      const size = Math.max(...expected.keys()) + 1;
      const step = 1 + Math.floor(random() * 20);
      const found = new Map<number, number>();
      for (let begin = 0; begin < size; begin += step) {
        for (const [target, source] of stripPairs(copy, begin, begin + step)) found.set(target, source);
      }
      expect(found).toEqual(expected);
    }
  });
});

it('makes one strip of the whole rows of a column piece', () => {
  const copy: Copy = {
    item: 0,
    shape: [100, 8],
    sourceOffset: 0,
    sourceStrides: [8, 1],
    targetOffset: 8,
    targetStrides: [32, 1],
  };
  expect([...stripsOf(copy, 320, 640)]).toEqual([
    {
      rows: 10,
      columns: 8,
      source: 80,
      sourceRowStride: 8,
      sourceColumnStride: 1,
      target: 328,
      targetRowStride: 32,
      targetColumnStride: 1,
    },
  ]);
});

it('makes one strip of the whole rows of an interleaved transpose', () => {
  const copy: Copy = {
    item: 0,
    shape: [100, 8],
    sourceOffset: 0,
    sourceStrides: [1, 100],
    targetOffset: 1,
    targetStrides: [16, 2],
  };
  expect([...stripsOf(copy, 320, 640)]).toEqual([
    {
      rows: 20,
      columns: 8,
      source: 20,
      sourceRowStride: 1,
      sourceColumnStride: 100,
      target: 321,
      targetRowStride: 16,
      targetColumnStride: 2,
    },
  ]);
});

it('has nothing for a range between two columns', () => {
  const copy: Copy = {
    item: 0,
    shape: [3, 4],
    sourceOffset: 0,
    sourceStrides: [4, 1],
    targetOffset: 0,
    targetStrides: [20, 5],
  };
  expect([...stripsOf(copy, 26, 30)]).toEqual([]);
});

it('has nothing for an empty copy', () => {
  const copy: Copy = {
    item: 0,
    shape: [0, 8],
    sourceOffset: 0,
    sourceStrides: [8, 1],
    targetOffset: 0,
    targetStrides: [8, 1],
  };
  expect([...stripsOf(copy, 0, 100)]).toEqual([]);
});
