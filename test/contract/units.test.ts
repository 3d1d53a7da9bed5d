import { expect, test } from 'vitest';

import { formatBytes, formatSeconds, toBytes, toSeconds } from '../../src/contract/units.ts';

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.00 kB'],
  [999_499, '999 kB'],
  [999_999, '1.00 MB'],
  [4_824_805, '4.82 MB'],
  [12_345_678_901, '12.3 GB'],
  [1.5e15, '1.50 PB'],
])('formats %d bytes as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  ['5GB', 5e9],
  ['5GiB', 5 * 1024 ** 3],
  ['1.5 MB', 1_500_000],
  ['12B', 12],
  [77, 77],
])('reads the size %s', (text, bytes) => {
  expect(toBytes(text)).toBe(bytes);
});

test.each([
  ['30s', 30],
  ['1.5m', 90],
  ['24h', 86_400],
  ['2d', 172_800],
  ['500ms', 0.5],
  [7, 7],
])('reads the duration %s', (text, seconds) => {
  expect(toSeconds(text)).toBe(seconds);
});

test('refuses what is neither', () => {
  expect(() => toBytes('5 gigabytes')).toThrow(RangeError);
  expect(() => toSeconds('soon')).toThrow(RangeError);
});

test.each([
  [0.04, '0.0 s'],
  [45.4, '45 s'],
  [200, '3 min 20 s'],
  [7500, '2 h 5 min'],
])('formats %d seconds as %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});
