import { describe, expect, it } from 'vitest';
import { float8Values, roundToBfloat16, roundToFloat16, widenFloat16 } from '../../src/rank/float-bits.ts';
import { seededRandom } from '../support/rank-random.ts';

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);
const bitsOf = (value: number): number => {
  float[0] = value;
  return word[0] ?? 0;
};
const valueOf = (bits: number): number => {
  word[0] = bits;
  return float[0] ?? 0;
};

describe('float16', () => {
  it('widens every pattern as the engine does', () => {
    const patterns = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
    const values = new Float16Array(patterns.buffer);
    for (const bits of patterns) expect(valueOf(widenFloat16(bits))).toBe(values[bits]);
  });

  it('rounds as the engine does: every pattern, every midpoint, their neighbours, and random patterns', () => {
    const half = new Float16Array(1);
    const pattern = new Uint16Array(half.buffer);
    const random = seededRandom(5);
    const inputs = [0x7f7fffff, 0x7f800000, 0x477fefff, 0x477ff000, 0x33000000, 0x33000001, 0x32ffffff, 1, 0];
    for (let bits = 0; bits < 0x7c00; bits++) {
      const exact = widenFloat16(bits);
      const middle = bitsOf((valueOf(exact) + valueOf(widenFloat16(bits + 1))) / 2);
      inputs.push(exact, middle, middle - 1, middle + 1);
    }
    for (let n = 0; n < 100_000; n++) inputs.push(Math.floor(random() * 0x7f800000));
    let wrong = 0;
    for (const magnitude of inputs) {
      for (const bits of [magnitude, (magnitude | 0x80000000) >>> 0]) {
        half[0] = valueOf(bits);
        if (roundToFloat16(bits) !== pattern[0]) wrong++;
      }
    }
    expect(wrong).toBe(0);
  });

  it('keeps NaN a NaN', () => {
    expect(roundToFloat16(0x7f800001)).toBe(0x7e00);
    expect(roundToFloat16(0xffc12345)).toBe(0xfe00);
  });
});

describe('bfloat16', () => {
  it.each([
    [0x3f800000, 0x3f80],
    [0x3f808000, 0x3f80],
    [0x3f818000, 0x3f82],
    [0x3f808001, 0x3f81],
    [0x7f7f7fff, 0x7f7f],
    [0x7f7f8000, 0x7f80],
    [0xff7fffff, 0xff80],
    [0x7f800000, 0x7f80],
    [0x00000001, 0x0000],
    [0x00008001, 0x0001],
    [0x80000000, 0x8000],
    [0x7f800001, 0x7fc0],
    [0xff812345, 0xffc0],
  ])('rounds %i to %i', (bits, expected) => {
    expect(roundToBfloat16(bits)).toBe(expected);
  });
});

describe('float8', () => {
  it.each([
    ['F8_E4M3', 0x00, 0],
    ['F8_E4M3', 0x01, 2 ** -9],
    ['F8_E4M3', 0x38, 1],
    ['F8_E4M3', 0x7e, 448],
    ['F8_E4M3', 0xfe, -448],
    ['F8_E4M3', 0x7f, NaN],
    ['F8_E5M2', 0x01, 2 ** -16],
    ['F8_E5M2', 0x3c, 1],
    ['F8_E5M2', 0x7b, 57_344],
    ['F8_E5M2', 0x7c, Infinity],
    ['F8_E5M2', 0xfc, -Infinity],
    ['F8_E5M2', 0x7d, NaN],
  ] as const)('%s %i is %d', (format, bits, value) => {
    expect(float8Values(format)[bits]).toBe(value);
  });
});
