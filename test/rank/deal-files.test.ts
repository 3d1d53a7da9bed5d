import { expect, it } from 'vitest';
import { dealFiles } from '../../src/rank/deal-files.ts';

const files = Array.from({ length: 23 }, (_, n) => ({ name: `model-${n}`, bytes: ((n * 7919) % 13) * 100 + 1 }));

const sum = (list: readonly { bytes: number }[]): number => list.reduce((total, { bytes }) => total + bytes, 0);

it.each([1, 2, 3, 4, 40])('gives each file to exactly one of %i ranks', (worldSize) => {
  const dealt = Array.from({ length: worldSize }, (_, rank) => dealFiles(files, rank, worldSize)).flat();
  expect(dealt.map(({ name }) => name).sort()).toEqual(files.map(({ name }) => name).sort());
});

it('does not depend on the order of the list', () => {
  expect(dealFiles(files.toReversed(), 1, 3)).toEqual(dealFiles(files, 1, 3));
});

it('balances bytes: no rank has more than the average and one largest file', () => {
  const largest = Math.max(...files.map(({ bytes }) => bytes));
  for (let rank = 0; rank < 4; rank++)
    expect(sum(dealFiles(files, rank, 4))).toBeLessThanOrEqual(sum(files) / 4 + largest);
});

it('starts with the largest', () => {
  const [first] = dealFiles(files, 0, 4);
  expect(first?.bytes).toBe(Math.max(...files.map(({ bytes }) => bytes)));
});
