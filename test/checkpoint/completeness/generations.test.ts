import { describe, expect, test } from 'vitest';
import { judgeGenerations, type TimedFile } from '../../../src/checkpoint/completeness/generations.ts';

const GB = 1e9;
/** Seconds after `.metadata`, size in bytes. */
const shards = (size: number, ...seconds: number[]): TimedFile[] =>
  seconds.map((second, index) => ({ name: `__${index}_0.distcp`, size, mtimeMs: second * 1000, birthtimeMs: 0 }));
/** Times of the epoch would be birth times that are not kept. */
const METADATA: TimedFile = { name: '.metadata', size: 1000, mtimeMs: 0, birthtimeMs: 0 };
const kind = (files: TimedFile[]): string => judgeGenerations(METADATA, files).kind;

describe('one save', () => {
  test.each([
    ['shards before .metadata', shards(GB, -30, -20, -1)],
    ['clocks of nodes a few seconds apart', shards(GB, -2, 5, 9)],
    ['one shard', shards(GB, -1)],
  ])('%s', (_, files) => expect(kind(files)).toBe('one'));
});

describe('copies', () => {
  test.each([
    ['all younger', shards(1000, 3600, 3601, 3602)],
    ['.metadata in the middle of an even copy', shards(20 * GB, -120, -60, 60, 120)],
    ['.metadata between two large shards', shards(50 * GB, -1, 400)],
    ['a slow and even copy of small files', shards(1000, -40, -20, 20, 40, 60)],
  ])('%s', (_, files) => expect(kind(files)).toBe('copied'));
});

describe('mixed', () => {
  test.each([
    ['one of eight an hour younger', shards(GB, -8, -7, -6, -5, -4, -3, -2, 3600)],
    ['half of them ten minutes younger', shards(GB, -4, -3, 600, 601)],
    ['three saves a day apart', shards(GB, -4, -3, 86_400, 86_401, 172_800, 172_801)],
    ['one of two', shards(1000, -1, 3600)],
    ['old ones of several generations', shards(GB, -86_400, -86_399, -2, -1, 3600, 3601)],
  ])('%s', (_, files) => expect(kind(files)).toBe('mixed'));

  test('names the younger ones and the gap', () => {
    expect(judgeGenerations(METADATA, shards(1000, -2, -1, 3600))).toEqual({
      kind: 'mixed',
      younger: ['__2_0.distcp'],
      gapSeconds: 3600,
    });
  });
});

describe('birth times', () => {
  const MB = 1e6;
  const SAVED = 1_000_000_000;
  const metadata: TimedFile = { name: '.metadata', size: 1000, mtimeMs: SAVED, birthtimeMs: SAVED - 5 };
  const shard = (index: number, born: number, changed: number, size = MB): TimedFile => ({
    name: `__${index}_0.distcp`,
    size,
    birthtimeMs: SAVED + born * 1000,
    mtimeMs: SAVED + changed * 1000,
  });
  const gaps = [3, 5, 9, 40, 59, 300];
  const steps = [0, 12, 60];

  describe.each(steps)('shards %d s apart', (step) => {
    test.each(gaps)('some of them written over %d s after .metadata', (gap) => {
      for (const rewritten of [1, 2, 4]) {
        const files = Array.from({ length: 8 }, (_, index) => {
          const born = -1 - step * (8 - index);
          return index < rewritten ? shard(index, born, gap + step * index) : shard(index, born, born + 0.5);
        });
        const names = files.slice(0, rewritten).map(({ name }) => name);
        expect(judgeGenerations(metadata, files)).toMatchObject({ kind: 'mixed', younger: names, gapSeconds: gap });
      }
    });
  });

  test.each([
    ['a save whose shards took long to write', [shard(0, -900, -1), shard(1, -900, -0.5)], 'one'],
    ['clocks a second apart', [shard(0, -30, 1), shard(1, -30, -1)], 'one'],
    ['cp -r: each file born when it is copied', [shard(0, -1, -0.5), shard(1, 0.5, 20, 2000 * MB)], 'copied'],
    [
      'a parallel copy, its largest file still being written',
      [shard(0, -1, 60, 3000 * MB), shard(1, -1, -0.5)],
      'copied',
    ],
    ['times kept by rsync -t or tar: born after they were changed', [shard(0, 5000, -2), shard(1, 5001, -1)], 'one'],
  ])('%s', (_, files, expected) => expect(judgeGenerations(metadata, files).kind).toBe(expected));

  test('tell nothing after a copy over an older copy', () => {
    const over = { ...metadata, birthtimeMs: SAVED - 86_400_000 };
    expect(judgeGenerations(over, [shard(0, -86_400, -1), shard(1, -86_400, 1)]).kind).toBe('one');
  });
});
