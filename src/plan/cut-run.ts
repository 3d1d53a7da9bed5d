// The part of a periodic run that lies in an interval of source rows: chunk boundaries may be anywhere, inside a head too.
import type { RowRun } from './row-maps.ts';

/** The occurrences of `run` cut to source rows `[from, to)`: at most a cut one, a regular series, and another cut one. */
export function cutRun(run: RowRun, from: number, to: number): RowRun[] {
  if (run.rows === 0) return [];
  const last = run.repeats - 1;
  const start = (i: number): number => run.source + i * run.sourcePeriod;
  const firstWhole = Math.max(0, Math.ceil((from - run.source) / run.sourcePeriod));
  const lastWhole = Math.min(last, Math.floor((to - run.rows - run.source) / run.sourcePeriod));
  const cut = (i: number): RowRun | null => {
    const begin = Math.max(from, start(i));
    const rows = Math.min(to, start(i) + run.rows) - begin;
    if (rows <= 0) return null;
    const targetRow = run.targetRow + i * run.targetPeriod + (begin - start(i)) * run.targetStep;
    return { ...run, source: begin, rows, repeats: 1, targetRow };
  };
  const pieces: (RowRun | null)[] = [];
  // Occurrence that begins before `from`; the one that ends after `to`; they may be the same.
  const before = firstWhole - 1;
  const after = Math.max(lastWhole + 1, firstWhole);
  if (before >= 0 && before <= last) pieces.push(cut(before));
  if (lastWhole >= firstWhole) {
    const repeats = lastWhole - firstWhole + 1;
    const targetRow = run.targetRow + firstWhole * run.targetPeriod;
    pieces.push({ ...run, source: start(firstWhole), repeats, targetRow });
  }
  if (after <= last && after !== before) pieces.push(cut(after));
  return pieces.filter((piece) => piece !== null);
}
