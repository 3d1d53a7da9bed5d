import { describe, expect, test } from 'vitest';
import { judgeGenerations, type TimedFile } from '../../../src/checkpoint/completeness/generations.ts';

const GB = 1e9;
/** Seconds after `.metadata`, size in bytes. */
const shards = (size: number, ...seconds: number[]): TimedFile[] =>
  seconds.map((second, index) => ({ name: `__${index}_0.distcp`, size, mtimeMs: second * 1000 }));
const kind = (files: TimedFile[]): string => judgeGenerations(0, files).kind;

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
    expect(judgeGenerations(0, shards(1000, -2, -1, 3600))).toEqual({
      kind: 'mixed',
      younger: ['__2_0.distcp'],
      gapSeconds: 3600,
    });
  });
});
