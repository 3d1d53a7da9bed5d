// Arithmetic and cast of one block of elements: decode to float32, add, encode. Rounded once, at the end.
import { DTYPE_BYTES, type DType } from '../checkpoint/types.ts';
import { DECODERS, ENCODERS } from './float-codecs.ts';

/** Converts `count` elements from `source` to `target` (both at offset 0, 8-byte aligned). Returns how many finite values became infinite. */
export type Converter = (source: ArrayBufferLike, target: ArrayBufferLike, count: number) => number;

/** Elements that are decoded at a time: 64 KiB of float32 stay in the second-level cache. */
const SLICE = 16_384;

/**
 * The element operation of a planned tensor, or null where the bytes stay as they are. Arithmetic is done in float32 (in float64 for
 * float64 to float64) whatever the source is.
 * @throws RangeError where there is no conversion: integers, booleans, and float8 as a target.
 */
export function findConverter(from: DType, to: DType, arithmetic: 'none' | 'add-one'): Converter | null {
  if (from === to && arithmetic === 'none') return null;
  if (from === 'F64' && to === 'F64') return addOneInFloat64;
  const decode = DECODERS[from];
  const encode = ENCODERS[to];
  if (decode === undefined || encode === undefined)
    throw new RangeError(`no conversion from ${from} to ${to}${arithmetic === 'none' ? '' : ` with ${arithmetic}`}`);
  const fromBytes = DTYPE_BYTES[from];
  const toBytes = DTYPE_BYTES[to];
  const values = new Float32Array(SLICE);
  return (source, target, count) => {
    let overflows = 0;
    for (let begin = 0; begin < count; begin += SLICE) {
      const size = Math.min(SLICE, count - begin);
      overflows += decode(source, values, size, begin * fromBytes);
      if (arithmetic === 'add-one') addOne(values, size);
      overflows += encode(values, target, size, begin * toBytes);
    }
    return overflows;
  };
}

function addOne(values: Float32Array, count: number): void {
  for (let i = 0; i < count; i++) values[i] = (values[i] ?? 0) + 1;
}

const addOneInFloat64: Converter = (source, target, count) => {
  const from = new Float64Array(source, 0, count);
  const to = new Float64Array(target, 0, count);
  for (let i = 0; i < count; i++) to[i] = (from[i] ?? 0) + 1;
  return 0;
};
