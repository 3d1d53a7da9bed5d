import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { ItemChecksum } from '../../src/rank/item-checksum.ts';
import { seededRandom } from '../support/rank-random.ts';

const data = randomBytes(5000);

function read(checksum: ItemChecksum, begin: number, end: number): void {
  checksum.add(begin, data.subarray(begin, end));
}

it('takes reads in order', () => {
  const checksum = new ItemChecksum();
  for (let begin = 0; begin < 5000; begin += 500) read(checksum, begin, begin + 500);
  expect(checksum.gaps(5000)).toEqual([]);
  expect(checksum.value()).toBe(crc32(data));
});

it('names the gaps', () => {
  const checksum = new ItemChecksum();
  read(checksum, 1000, 2000);
  read(checksum, 3000, 3500);
  expect(checksum.gaps(5000)).toEqual([
    [0, 1000],
    [2000, 3000],
    [3500, 5000],
  ]);
});

it('takes a CRC that is known already', () => {
  const checksum = new ItemChecksum();
  checksum.add(0, data.subarray(0, 10), crc32(data.subarray(0, 10)));
  checksum.add(10, data.subarray(10), crc32(data.subarray(10)));
  expect(checksum.value()).toBe(crc32(data));
});

it.each([1, 2, 3, 4, 5, 6, 7, 8])('takes overlapping reads in any order, seed %i', (seed) => {
  const random = seededRandom(seed);
  const checksum = new ItemChecksum();
  for (let n = 0; n < 60; n++) {
    const begin = Math.floor(random() * 5000);
    read(checksum, begin, Math.min(5000, begin + 1 + Math.floor(random() * 400)));
  }
  for (const [begin, end] of checksum.gaps(5000)) read(checksum, begin, end);
  expect(checksum.gaps(5000)).toEqual([]);
  expect(checksum.value()).toBe(crc32(data));
});

it('is the CRC of nothing for an empty item', () => {
  expect(new ItemChecksum().value()).toBe(0);
});
