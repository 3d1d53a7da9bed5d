// Between stored floating-point formats and float32, a slice at a time.
import type { DType } from '../checkpoint/types.ts';
import { float8Values, roundToBfloat16, roundToFloat16, widenFloat16 } from './float-bits.ts';

/** Reads `count` elements at `offset` (bytes) into `values`. Returns how many finite ones became infinite. */
type Decode = (source: ArrayBufferLike, values: Float32Array, count: number, offset: number) => number;
/** Writes `count` values at `offset` (bytes). Returns how many finite values became infinite. */
type Encode = (values: Float32Array, target: ArrayBufferLike, count: number, offset: number) => number;

const EXPONENT = 0x7f800000;

export const DECODERS: Readonly<Partial<Record<DType, Decode>>> = {
  // torch, too, goes from float64 to the short formats through float32.
  F64: (source, values, count, offset) => {
    const from = new Float64Array(source, offset, count);
    let overflows = 0;
    for (let i = 0; i < count; i++) {
      const value = from[i] ?? 0;
      values[i] = value;
      if (Math.abs(values[i] ?? 0) === Infinity && Math.abs(value) !== Infinity) overflows++;
    }
    return overflows;
  },
  F32: (source, values, count, offset) => {
    values.set(new Float32Array(source, offset, count));
    return 0;
  },
  BF16: (source, values, count, offset) => {
    const from = new Uint16Array(source, offset, count);
    const to = new Uint32Array(values.buffer, values.byteOffset, count);
    for (let i = 0; i < count; i++) to[i] = (from[i] ?? 0) << 16;
    return 0;
  },
  F16: (source, values, count, offset) => {
    const from = new Uint16Array(source, offset, count);
    const to = new Uint32Array(values.buffer, values.byteOffset, count);
    for (let i = 0; i < count; i++) to[i] = widenFloat16(from[i] ?? 0);
    return 0;
  },
  F8_E4M3: decodeFloat8('F8_E4M3'),
  F8_E5M2: decodeFloat8('F8_E5M2'),
};

export const ENCODERS: Readonly<Partial<Record<DType, Encode>>> = {
  F64: (values, target, count, offset) => {
    new Float64Array(target, offset, count).set(values.subarray(0, count));
    return 0;
  },
  F32: (values, target, count, offset) => {
    new Float32Array(target, offset, count).set(values.subarray(0, count));
    return 0;
  },
  BF16: encodeShort(roundToBfloat16, 0x7f80),
  F16: encodeShort(roundToFloat16, 0x7c00),
};

function decodeFloat8(format: 'F8_E4M3' | 'F8_E5M2'): Decode {
  const table = float8Values(format);
  return (source, values, count, offset) => {
    const from = new Uint8Array(source, offset, count);
    for (let i = 0; i < count; i++) values[i] = table[from[i] ?? 0] ?? NaN;
    return 0;
  };
}

function encodeShort(round: (bits: number) => number, infinity: number): Encode {
  return (values, target, count, offset) => {
    const from = new Uint32Array(values.buffer, values.byteOffset, count);
    const to = new Uint16Array(target, offset, count);
    let overflows = 0;
    for (let i = 0; i < count; i++) {
      const bits = from[i] ?? 0;
      const rounded = round(bits);
      if ((rounded & 0x7fff) === infinity && (bits & 0x7fffffff) !== EXPONENT) overflows++;
      to[i] = rounded;
    }
    return overflows;
  };
}
