// Gated MLP: `linear_fc1` holds all gate rows, then all up rows (megatron/core/transformer/mlp.py `apply_swiglu_sharded_factory`).
import { singleRun, type RowMap } from './row-maps.ts';

/** @returns the map, or what is wrong with the shape. */
export function splitGated(rows: number): RowMap | string {
  if (rows % 2 !== 0) return `a gated MLP needs an even number of rows, found ${rows}`;
  const half = rows / 2;
  return { runs: [singleRun(0, 0, half), singleRun(1, half, half)], targetRows: [half, half], padding: 0 };
}
