// CRC-32 of a concatenation from the CRCs of its parts, so that parts may be read in any order.
//
// A CRC is the remainder of a polynomial over GF(2). Appending n zero bytes multiplies it by x^(8n) modulo the polynomial; the CRC of
// A followed by B is crc(A) * x^(8 |B|) + crc(B), where + is exclusive or.

/** The polynomial of zlib and zip (0x04C11DB7), bit-reflected: the highest bit is the coefficient of x^0. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;

/** a * b modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product >>> 0;
}

/** `POWERS[k]` = x^(2^k). */
const POWERS: readonly number[] = (() => {
  const powers = [ONE >>> 1];
  for (let k = 1; k < 64; k++) {
    const last = powers[k - 1] ?? 0;
    powers.push(multiply(last, last));
  }
  return powers;
})();

/** x^(8 * bytes) modulo the polynomial: what `bytes` zero bytes do to a CRC. */
export function zerosOperator(bytes: number): number {
  let operator = ONE;
  for (let rest = bytes, k = 3; rest > 0; rest = Math.floor(rest / 2), k++) {
    if (rest % 2 === 1) operator = multiply(POWERS[k] ?? 0, operator);
  }
  return operator;
}

let lastBytes = 0;
let lastOperator = ONE;

/** CRC-32 of A followed by B, where B has `bytesOfB` bytes. Equal lengths in a row cost one multiplication. */
export function combineCrc(crcOfA: number, crcOfB: number, bytesOfB: number): number {
  if (bytesOfB !== lastBytes) {
    lastOperator = zerosOperator(bytesOfB);
    lastBytes = bytesOfB;
  }
  return (multiply(lastOperator, crcOfA) ^ crcOfB) >>> 0;
}
