import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { combineCrc, zerosOperator } from '../../src/rank/crc-combine.ts';

it.each([0, 1, 2, 7, 64, 1000, 65_537])('gives the CRC of the concatenation, second part %i bytes', (size) => {
  const a = randomBytes(321);
  const b = randomBytes(size);
  expect(combineCrc(crc32(a), crc32(b), size)).toBe(crc32(Buffer.concat([a, b])));
});

it('starts from the CRC of nothing', () => {
  const a = randomBytes(10);
  expect(combineCrc(0, crc32(a), 10)).toBe(crc32(a));
});

it('counts beyond 32 bits', () => {
  const once = zerosOperator(2 ** 35);
  const halves = combineCrc(once, 0, 2 ** 35);
  expect(zerosOperator(2 ** 36)).toBe(halves);
});
