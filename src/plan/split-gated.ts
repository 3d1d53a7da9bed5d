// Gated MLP: `linear_fc1` holds all gate rows, then all up rows (megatron/core/transformer/mlp.py `apply_swiglu_sharded_factory`).
import { mapOfRuns, singleRun, type RowMap } from './row-maps.ts';

/** Two targets. @returns the map, or what is wrong with the shape. */
export function splitGated(rows: number): RowMap | string {
  const half = rows / 2;
  if (!Number.isInteger(half)) return oddRows(rows);
  return mapOfRuns([singleRun(0, 0, half), singleRun(1, half, half)], [half, half]);
}

/** One target with gate rows at even and up rows at odd places. @returns the map, or what is wrong with the shape. */
export function interleaveGated(rows: number): RowMap | string {
  const half = rows / 2;
  if (!Number.isInteger(half)) return oddRows(rows);
  const everySecond = { targetStep: 2, targetPeriod: rows };
  const gate = { ...singleRun(0, 0, half), ...everySecond };
  const up = { ...singleRun(0, half, half), ...everySecond, targetRow: 1 };
  return mapOfRuns([gate, up], [rows]);
}

function oddRows(rows: number): string {
  return `a gated MLP needs an even number of rows, found ${rows}`;
}
