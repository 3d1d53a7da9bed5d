// The row of a family table, or the name, that looks most like a key: a hint for a misspelt, renamed or new tensor.
import type { Rule } from '../models/types.ts';
import { partsOf } from './choose-sources.ts';

export function nearestRule(pattern: string, rules: readonly Rule[], side: 'from' | 'to'): string | null {
  return nearestName(
    pattern,
    rules.flatMap((rule) => rule[side].flatMap(partsOf)),
  );
}

/** Distance at most half of the longer text, else nothing is near. */
export function nearestName(text: string, names: Iterable<string>): string | null {
  let best: { name: string; distance: number } | null = null;
  for (const name of names) {
    const distance = editDistance(text, name);
    if (!best || distance < best.distance) best = { name, distance };
  }
  return best && best.distance <= Math.max(text.length, best.name.length) / 2 ? best.name : null;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swap));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
