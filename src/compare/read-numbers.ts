// Stored floating-point elements as numbers of JavaScript, which are float64. Every step is exact.
import type { DType } from '../checkpoint/types.ts';
import { DECODERS } from '../rank/float-codecs.ts';

export type Numbers = Float32Array | Float64Array;

/**
 * `count` elements at the front of `block`, as a view where the format allows it. BF16 and F16 widen to float32 in `scratch`, and
 * float32 to float64 where a number is taken out: both without rounding.
 * @throws RangeError for a dtype that is no floating-point format.
 */
export function readNumbers(dtype: DType, block: Buffer, count: number, scratch: Float32Array): Numbers {
  if (dtype === 'F64') return new Float64Array(block.buffer, block.byteOffset, count);
  if (dtype === 'F32') return new Float32Array(block.buffer, block.byteOffset, count);
  const decode = DECODERS[dtype];
  if (decode === undefined) throw new RangeError(`${dtype} holds no floating-point numbers`);
  decode(block.buffer, scratch, count, block.byteOffset);
  return scratch;
}
