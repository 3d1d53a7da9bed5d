// Repeatable random numbers.

/** Numbers in [0, 1) from a seed (a 32-bit linear congruential generator; quality does not matter here). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
