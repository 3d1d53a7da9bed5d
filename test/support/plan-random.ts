// Seeded random numbers: a failing case can be repeated.

/** mulberry32: uniform in [0, 1). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** An integer in [from, to]. */
export function pick(random: () => number, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}
