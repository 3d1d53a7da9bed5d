// Floating-point formats as bit patterns. Rounding is to nearest, ties to even, as in IEEE 754 and PyTorch.

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** bfloat16 pattern of a float32 pattern. A NaN stays a (quiet) NaN of the same sign. */
export function roundToBfloat16(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return ((bits >>> 16) & 0x8000) | 0x7fc0;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** float16 pattern of a float32 pattern; values over the largest finite one (65504) by half a step or more become infinite. */
export function roundToFloat16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Normal: rebias the exponent from 127 to 15, then drop 13 bits of the significand with rounding; a carry moves into the exponent.
  if (magnitude >= 0x38800000) return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  // Subnormal: adding 0.5 puts the value's last float16 bit (2^-24) at the end of the float32 significand, rounded by the addition.
  word[0] = magnitude;
  float[0] = (float[0] ?? 0) + 0.5;
  return sign | ((word[0] ?? 0) - 0x3f000000);
}

/** float32 pattern of a float16 pattern; exact. */
export function widenFloat16(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const magnitude = bits & 0x7fff;
  if (magnitude >= 0x7c00) return (sign | 0x7f800000 | ((magnitude & 0x3ff) << 13)) >>> 0;
  if (magnitude >= 0x400) return (sign | ((magnitude << 13) + 0x38000000)) >>> 0;
  float[0] = magnitude * 2 ** -24;
  return (sign | (word[0] ?? 0)) >>> 0;
}

/** Value of each float8 pattern; `E4M3` (fn) has no infinities, 0x7f and 0xff are NaN; `E5M2` is a short float16. */
export function float8Values(format: 'F8_E4M3' | 'F8_E5M2'): Float32Array {
  const significandBits = format === 'F8_E4M3' ? 3 : 2;
  const bias = format === 'F8_E4M3' ? 7 : 15;
  return Float32Array.from({ length: 256 }, (_, bits) => {
    const sign = bits & 0x80 ? -1 : 1;
    const exponent = (bits & 0x7f) >>> significandBits;
    const significand = bits & ((1 << significandBits) - 1);
    if (format === 'F8_E4M3' && (bits & 0x7f) === 0x7f) return NaN;
    if (format === 'F8_E5M2' && exponent === 31) return significand === 0 ? sign * Infinity : NaN;
    const step = 2 ** (Math.max(exponent, 1) - bias - significandBits);
    return sign * step * (exponent === 0 ? significand : significand + (1 << significandBits));
  });
}
