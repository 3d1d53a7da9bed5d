// Unchanged: one source, one target.
import { singleRun, type RowMap } from './row-maps.ts';

export function splitDirect(rows: number): RowMap {
  return { runs: [singleRun(0, 0, rows)], targetRows: [rows], padding: 0 };
}
