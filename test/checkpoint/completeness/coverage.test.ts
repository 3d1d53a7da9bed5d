import { expect, test } from 'vitest';
import { findCoverageProblem } from '../../../src/checkpoint/completeness/coverage.ts';
import type { Chunk } from '../../../src/checkpoint/types.ts';

const chunk = (offsets: number[], sizes: number[]): Chunk => ({ file: 'f', offset: 0, length: 0, offsets, sizes });

test.each([
  ['scalar', [], [chunk([], [])]],
  ['empty tensor without chunks', [0, 4], []],
  ['grid', [4, 4], [chunk([0, 0], [2, 2]), chunk([0, 2], [2, 2]), chunk([2, 0], [2, 4])]],
  ['with an empty chunk', [2], [chunk([0], [2]), chunk([1], [0])]],
  [
    'bricks that cross',
    [4, 4],
    [chunk([0, 0], [1, 4]), chunk([1, 0], [3, 1]), chunk([1, 1], [1, 3]), chunk([2, 1], [2, 3])],
  ],
])('%s is covered', (_, shape, chunks) => {
  expect(findCoverageProblem({ shape, chunks })).toBeNull();
});

test.each([
  ['gap', [4], [chunk([0], [2])], 'hold 2 elements'],
  ['nothing', [4], [], 'hold 0 elements'],
  ['overlap and gap of the same size', [4], [chunk([0], [2]), chunk([1], [2])], 'overlap'],
  ['the same chunk twice', [4], [chunk([0], [2]), chunk([0], [2])], 'overlap'],
  ['overlap in the second axis', [2, 4], [chunk([0, 0], [2, 2]), chunk([0, 1], [2, 2])], 'overlap'],
  ['scalar twice', [], [chunk([], []), chunk([], [])], 'hold 2 elements'],
  ['more elements than can be counted', [2 ** 40, 2 ** 40], [], 'more elements'],
])('%s is found', (_, shape, chunks, part) => {
  expect(findCoverageProblem({ shape, chunks })).toContain(part);
});

test('a hundred thousand regular chunks are quick', () => {
  const chunks = Array.from({ length: 100_000 }, (_, index) => chunk([index >> 3, (index & 7) * 16, 0], [1, 16, 8]));
  const started = performance.now();
  expect(findCoverageProblem({ shape: [12_500, 128, 8], chunks })).toBeNull();
  expect(performance.now() - started).toBeLessThan(3000);
});

test('a hundred thousand crossing chunks are given up, not waited for', () => {
  const chunks = Array.from({ length: 100_000 }, (_, index) => chunk([index % 7, index], [1 + (index % 3), 1]));
  const volume = chunks.reduce((sum, { sizes }) => sum + (sizes[0] ?? 0), 0);
  expect(findCoverageProblem({ shape: [1, volume], chunks })).not.toBeNull();
});
