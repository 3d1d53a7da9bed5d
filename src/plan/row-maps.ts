// How the rows of a source tensor become the rows of its targets: every transform is a list of periodic runs of rows.
// Rows are axis 0 once the axes of layers and experts have been taken off. The remaining axes, the columns, keep their order.
import type { ModelDimensions } from '../models/types.ts';

/**
 * `rows` consecutive source rows that become rows of one target, `targetStep` apart, `repeats` times over: row r of occurrence i goes from
 * `source + i * sourcePeriod + r` to `targetRow + i * targetPeriod + r * targetStep`.
 */
export interface RowRun {
  /** Index into the rule's `to`. */
  readonly target: number;
  readonly source: number;
  readonly rows: number;
  readonly repeats: number;
  readonly sourcePeriod: number;
  readonly targetRow: number;
  readonly targetPeriod: number;
  readonly targetStep: number;
}

/** A transform for one source shape. The runs and the padding cover the source rows exactly once, and each target's rows exactly once. */
export interface RowMap {
  readonly runs: readonly RowRun[];
  /** Rows of each target. */
  readonly targetRows: readonly number[];
  /** Source rows at the end that are vocabulary padding. */
  readonly padding: number;
  /** Whether the targets hold the columns first: [columns, rows] instead of [rows, columns]. */
  readonly transposed: boolean;
}

/** What a transform sees: a source of one layer and one expert. */
export interface SourceShape {
  /** Rows of each joined source, in their order. */
  readonly parts: readonly number[];
  /** Their sum. */
  readonly rows: number;
  /** The expected shape of each target, without an axis of experts. */
  readonly targets: readonly (readonly number[])[];
  readonly dimensions: ModelDimensions;
}

/** A run that occurs once. */
export function singleRun(target: number, source: number, rows: number): RowRun {
  return { target, source, rows, repeats: 1, sourcePeriod: rows, targetRow: 0, targetPeriod: rows, targetStep: 1 };
}

/** A map without padding and transposition. */
export function mapOfRuns(runs: readonly RowRun[], targetRows: readonly number[]): RowMap {
  return { runs, targetRows, padding: 0, transposed: false };
}

/** Says which rows a map takes twice or not at all, or null: the part of the books that no sum of volumes could prove. */
export function rowMapProblem(map: RowMap, sourceRows: number): string | null {
  const taken: Interval[] = [[sourceRows - map.padding, sourceRows]];
  const given = map.targetRows.map((): RowRun[] => []);
  for (const run of map.runs) {
    for (let i = 0; i < run.repeats; i += 1) {
      const source = run.source + i * run.sourcePeriod;
      taken.push([source, source + run.rows]);
    }
    given[run.target]?.push(run);
  }
  const problem = lineProblem(taken, sourceRows);
  if (problem) return `source ${problem}`;
  for (const [index, rows] of map.targetRows.entries()) {
    const found = targetProblem(given[index] ?? [], rows);
    if (found) return `target ${index} ${found}`;
  }
  return null;
}

type Interval = readonly [from: number, to: number];

/** Runs with a step are woven: n of them with step n, of the same length, begin at n rows in a row, and so count as one plain run. */
function targetProblem(runs: readonly RowRun[], rows: number): string | null {
  const plain = runs.filter(({ targetStep }) => targetStep === 1);
  const woven = runs.filter(({ targetStep }) => targetStep !== 1).toSorted((a, b) => a.targetRow - b.targetRow);
  const intervals = plain.flatMap((run) => occurrences(run, run.rows));
  while (woven.length > 0) {
    const [first] = woven;
    if (first === undefined) break;
    const strands = woven.splice(0, first.targetStep);
    const fits = strands.every(
      (run, k) =>
        run.targetStep === first.targetStep &&
        run.rows === first.rows &&
        run.repeats === first.repeats &&
        run.targetPeriod === first.targetPeriod &&
        run.targetRow === first.targetRow + k,
    );
    if (!fits || strands.length !== first.targetStep) {
      return `rows from ${first.targetRow} on are not covered by ${first.targetStep} runs that alternate`;
    }
    intervals.push(...occurrences(first, first.rows * first.targetStep));
  }
  return lineProblem(intervals, rows);
}

/** The target rows of each occurrence, `length` of them in a row. */
function occurrences({ repeats, targetRow, targetPeriod }: RowRun, length: number): Interval[] {
  return Array.from({ length: repeats }, (_, i) => {
    const first = targetRow + i * targetPeriod;
    return [first, first + length] as const;
  });
}

function lineProblem(intervals: readonly Interval[], length: number): string | null {
  let end = 0;
  for (const [from, to] of intervals.filter(([a, b]) => b > a).sort((a, b) => a[0] - b[0])) {
    if (from > end) return `rows ${end}..${from - 1} are not covered`;
    if (from < end) return `row ${from} is covered twice`;
    end = to;
  }
  return end === length ? null : `has ${length} rows, ${end} are covered`;
}
