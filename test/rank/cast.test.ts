import { describe, expect, it } from 'vitest';
import { findConverter } from '../../src/rank/cast.ts';

function bf16(...values: number[]): Uint16Array {
  return Uint16Array.from(new Uint32Array(Float32Array.from(values).buffer), (bits) => bits >>> 16);
}

describe('findConverter', () => {
  it('has nothing to do where the type stays', () => {
    expect(findConverter('BF16', 'BF16', 'none')).toBeNull();
    expect(findConverter('I64', 'I64', 'none')).toBeNull();
  });

  it.each([
    ['I64', 'BF16'],
    ['BOOL', 'F32'],
    ['BF16', 'F8_E4M3'],
  ] as const)('refuses %s to %s', (from, to) => {
    expect(() => findConverter(from, to, 'none')).toThrow(`no conversion from ${from} to ${to}`);
  });

  it('widens bfloat16, over more elements than a slice has', () => {
    const count = 40_000;
    const source = bf16(...Array.from({ length: count }, (_, n) => n % 256));
    const target = new Float32Array(count);
    expect(findConverter('BF16', 'F32', 'none')?.(source.buffer, target.buffer, count)).toBe(0);
    expect(target).toEqual(Float32Array.from({ length: count }, (_, n) => n % 256));
  });

  it('rounds float32 to bfloat16', () => {
    const source = Float32Array.from([1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -0]);
    const target = new Uint16Array(4);
    expect(findConverter('F32', 'BF16', 'none')?.(source.buffer, target.buffer, 4)).toBe(0);
    expect(target).toEqual(bf16(1, 1, 1 + 2 ** -6, -0));
  });

  it('counts finite values that become infinite, and lets infinities be', () => {
    const source = Float32Array.from([65_504, 65_519, 65_520, -1e6, Infinity, NaN]);
    const target = new Uint16Array(6);
    expect(findConverter('F32', 'F16', 'none')?.(source.buffer, target.buffer, 6)).toBe(2);
    expect([...target]).toEqual([0x7bff, 0x7bff, 0x7c00, 0xfc00, 0x7c00, 0x7e00]);
  });

  it('counts float64 values that float32 cannot hold', () => {
    const source = Float64Array.from([1e39, 1, -Infinity]);
    const target = new Float32Array(3);
    expect(findConverter('F64', 'F32', 'none')?.(source.buffer, target.buffer, 3)).toBe(1);
    expect([...target]).toEqual([Infinity, 1, -Infinity]);
  });

  it('adds one in float32 and rounds once', () => {
    const source = bf16(0, 2 ** -7, 2 ** -9);
    const target = new Uint16Array(3);
    findConverter('BF16', 'BF16', 'add-one')?.(source.buffer, target.buffer, 3);
    expect(target).toEqual(bf16(1, 1 + 2 ** -7, 1));
    const wide = new Float32Array(3);
    findConverter('BF16', 'F32', 'add-one')?.(source.buffer, wide.buffer, 3);
    expect([...wide]).toEqual([1, 1 + 2 ** -7, 1 + 2 ** -9]);
  });

  it('adds one in float64 where both sides are', () => {
    const source = Float64Array.from([2 ** -40]);
    const target = new Float64Array(1);
    findConverter('F64', 'F64', 'add-one')?.(source.buffer, target.buffer, 1);
    expect(target[0]).toBe(1 + 2 ** -40);
  });
});
