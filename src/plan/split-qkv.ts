// Fused query, key and value: for each query group its query heads, then its key head, then its value head
// (Megatron-Bridge `split_qkv_weights`). Weight and bias alike.
import type { ModelDimensions } from '../models/types.ts';
import type { RowMap, RowRun } from './row-maps.ts';

/** @returns the map, or what is wrong with the shape. */
export function splitQkv(rows: number, { heads, queryGroups, headDim }: ModelDimensions): RowMap | string {
  const expected = (heads + 2 * queryGroups) * headDim;
  if (rows !== expected) {
    return (
      `(num_attention_heads ${heads} + 2 * num_key_value_heads ${queryGroups}) * head_dim ${headDim} = ${expected} rows, ` +
      `the checkpoint has ${rows}`
    );
  }
  const queryRows = (heads / queryGroups) * headDim;
  const period = queryRows + 2 * headDim;
  const run = (target: number, source: number, length: number): RowRun => ({
    target,
    source,
    rows: length,
    repeats: queryGroups,
    sourcePeriod: period,
    targetRow: 0,
    targetPeriod: length,
  });
  return {
    runs: [run(0, 0, queryRows), run(1, queryRows, headDim), run(2, queryRows + headDim, headDim)],
    targetRows: [heads * headDim, queryGroups * headDim, queryGroups * headDim],
    padding: 0,
  };
}
