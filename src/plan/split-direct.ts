// Rows in their order: one target takes them all, several take consecutive parts as large as the reference calls for.
import { mapOfRuns, singleRun, type RowMap, type RowRun, type SourceShape } from './row-maps.ts';

/** @returns the map, or what is wrong with the shape. */
export function splitDirect({ rows, targets }: Pick<SourceShape, 'rows' | 'targets'>): RowMap | string {
  if (targets.length <= 1) return mapOfRuns([singleRun(0, 0, rows)], [rows]);
  const runs: RowRun[] = [];
  let first = 0;
  for (const [target, [size = 0]] of targets.entries()) {
    runs.push(singleRun(target, first, size));
    first += size;
  }
  const sizes = runs.map((run) => run.rows);
  return first === rows ? mapOfRuns(runs, sizes) : `${sizes.join(' + ')} = ${first} rows, the checkpoint has ${rows}`;
}
