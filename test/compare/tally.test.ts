import { expect, test } from 'vitest';
import { finishTally, startTally, tallyBytes, tallyNumbers } from '../../src/compare/tally.ts';

function compare(a: readonly number[], b: readonly number[], tolerance = 0, shape: readonly number[] = [a.length]) {
  const tally = startTally();
  tallyNumbers(tally, new Float64Array(a), new Float64Array(b), { count: a.length, begin: 0, tolerance });
  return finishTally(tally, shape, true);
}

const NOTHING = {
  different_elements: 0,
  non_finite_differences: 0,
  max_abs_difference: 0,
  at: null,
  values: null,
};

test('equal numbers: NaN and NaN, zeros of either sign, the same infinity', () => {
  const a = [Number.NaN, 0, -0, Infinity, -Infinity, 1.5];
  const b = [Number.NaN, -0, 0, Infinity, -Infinity, 1.5];
  expect(compare(a, b)).toEqual(NOTHING);
});

test('the largest difference, its index and its values', () => {
  expect(compare([1, 2, 3, 4, 5, 6], [1, 2.5, 3, 4, 3, 6.1], 0, [2, 3])).toEqual({
    different_elements: 3,
    non_finite_differences: 0,
    max_abs_difference: 2,
    at: [1, 1],
    values: [5, 3],
  });
});

test('of equally large differences the first one is told', () => {
  expect(compare([0, 0, 0], [0, 1, -1])).toMatchObject({ at: [1], values: [0, 1] });
});

test('within the tolerance a difference is measured and not counted', () => {
  expect(compare([1, 2, 3], [1.5, 2.25, 4], 0.5)).toMatchObject({
    different_elements: 1,
    max_abs_difference: 1,
    at: [2],
  });
  expect(compare([1], [1.5], 0.5)).toMatchObject({ different_elements: 0, max_abs_difference: 0.5, at: [0] });
});

test.each([
  ['NaN', Number.NaN, 1],
  ['NaN', Number.NaN, Infinity],
  ['-Infinity', -Infinity, Infinity],
  ['Infinity', Infinity, 3e38],
])('%s beside another number is a difference that no tolerance covers', (spelt, a, b) => {
  for (const [x, y] of [
    [a, b],
    [b, a],
  ] as const) {
    const distance = compare([7, x], [7, y], 1e300);
    expect(distance).toMatchObject({
      different_elements: 1,
      non_finite_differences: 1,
      max_abs_difference: 0,
      at: [1],
    });
    expect(distance.values).toContain(spelt);
  }
});

test('numbers that are not finite take no part in the maximum', () => {
  expect(compare([Number.NaN, 1], [0, 3])).toMatchObject({ different_elements: 2, max_abs_difference: 2, at: [1] });
});

test('the distance of the largest numbers of opposite sign is a number that JSON has', () => {
  const { max_abs_difference: distance } = compare([Number.MAX_VALUE], [-Number.MAX_VALUE]);
  expect(distance).toBe(Number.MAX_VALUE);
});

test('bytes: elements are counted, not bytes, and no distance is claimed', () => {
  const tally = startTally();
  const a = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);
  const b = Buffer.from([1, 2, 0, 0, 5, 6, 7, 0]);
  tallyBytes(tally, a, b, { count: 4, begin: 10, elementBytes: 2 });
  expect(finishTally(tally, [100], false)).toEqual({
    different_elements: 2,
    non_finite_differences: 0,
    max_abs_difference: null,
    at: [11],
    values: null,
  });
});

test('blocks continue each other', () => {
  const tally = startTally();
  tallyNumbers(tally, new Float32Array([1, 1]), new Float64Array([1, 2]), { count: 2, begin: 0, tolerance: 0 });
  tallyNumbers(tally, new Float32Array([1, 9]), new Float64Array([1, 4]), { count: 2, begin: 2, tolerance: 0 });
  expect(finishTally(tally, [2, 2], true)).toMatchObject({ different_elements: 2, max_abs_difference: 5, at: [1, 1] });
});
