// Seeded pseudo-random numbers, so that a fuzz failure can be repeated.

/** mulberry32: uniform integers of `[0, bound)`. */
export function randomIntegers(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

/** A copy with one to eight defects: flipped bits, set bytes, doubled or removed stretches. */
export function mutate(bytes: Buffer, random: (bound: number) => number): Buffer {
  let mutated = Buffer.from(bytes);
  for (let count = random(8); count >= 0; count -= 1) {
    const at = random(mutated.length);
    const length = 1 + random(16);
    const kind = random(4);
    if (kind === 0) mutated.writeUInt8((mutated[at] ?? 0) ^ (1 << random(8)), at);
    else if (kind === 1) mutated.writeUInt8([0, 0x7f, 0x80, 0xff, random(256)][random(5)] ?? 0, at);
    else if (kind === 2) mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + length)]);
    else mutated = Buffer.concat([mutated.subarray(0, at + length), mutated.subarray(at)]);
    if (mutated.length === 0) return mutated;
  }
  return mutated;
}
