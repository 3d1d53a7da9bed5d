// Counts how far two runs of elements are apart, block after block.
import type { Distance, SpeltNumber } from './types.ts';
import type { Numbers } from './read-numbers.ts';

/** What has been seen of one tensor so far. Positions are flat, in elements; -1 for none. */
export interface Tally {
  different: number;
  nonFinite: number;
  largest: number;
  largestAt: number;
  /** The first difference that has no distance. */
  firstAt: number;
  values: readonly [number, number] | null;
}

export function startTally(): Tally {
  return { different: 0, nonFinite: 0, largest: 0, largestAt: -1, firstAt: -1, values: null };
}

/**
 * Compares `count` numbers; the first is element `begin` of its tensor. NaN equals NaN, 0 equals -0, an infinity equals itself; NaN or an
 * infinity beside any other number is a difference that no tolerance covers.
 */
export function tallyNumbers(
  tally: Tally,
  a: Numbers,
  b: Numbers,
  { count, begin, tolerance }: { readonly count: number; readonly begin: number; readonly tolerance: number },
): void {
  let { different, largest } = tally;
  for (let i = 0; i < count; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    if (x === y) continue;
    let distance = Math.abs(x - y);
    if (!(distance < Infinity)) {
      if (Number.isNaN(x) && Number.isNaN(y)) continue;
      if (Number.isFinite(x) && Number.isFinite(y)) {
        // Two float64 of opposite sign can be further apart than the largest float64, and JSON has no infinity.
        distance = Number.MAX_VALUE;
      } else {
        tally.nonFinite++;
        different++;
        noteFirst(tally, begin + i, x, y);
        continue;
      }
    }
    if (distance > largest) {
      largest = distance;
      tally.largestAt = begin + i;
      tally.values = [x, y];
    }
    if (distance > tolerance) different++;
  }
  tally.different = different;
  tally.largest = largest;
}

/** Compares elements byte by byte: for integers, booleans and FP8. */
export function tallyBytes(
  tally: Tally,
  a: Buffer,
  b: Buffer,
  { count, begin, elementBytes }: { readonly count: number; readonly begin: number; readonly elementBytes: number },
): void {
  for (let i = 0; i < count; i++) {
    const from = i * elementBytes;
    const to = from + elementBytes;
    if (a.compare(b, from, to, from, to) === 0) continue;
    tally.different++;
    if (tally.firstAt < 0) tally.firstAt = begin + i;
  }
}

/** @param numeric false where bytes were compared, which have no distance. */
export function finishTally(tally: Tally, shape: readonly number[], numeric: boolean): Distance {
  const at = tally.largestAt >= 0 ? tally.largestAt : tally.firstAt;
  return {
    different_elements: tally.different,
    non_finite_differences: tally.nonFinite,
    max_abs_difference: numeric ? tally.largest : null,
    at: at < 0 ? null : indexOf(at, shape),
    values: tally.values === null ? null : [spell(tally.values[0]), spell(tally.values[1])],
  };
}

function noteFirst(tally: Tally, at: number, x: number, y: number): void {
  if (tally.firstAt < 0) tally.firstAt = at;
  tally.values ??= [x, y];
}

/** The index of a flat position in a row-major tensor. */
function indexOf(position: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = position;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}

function spell(value: number): SpeltNumber {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}
