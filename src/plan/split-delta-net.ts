// Gated delta net: Megatron stores all rows of query, key, value, z (or beta, alpha) one kind after the other; Hugging Face's fused
// projections hold for each key head its share of every kind, in the same order (transformers `qwen3_next` `fix_query_key_value_ordering`).
import type { ModelDimensions } from '../models/types.ts';
import { mapOfRuns, type RowMap, type RowRun } from './row-maps.ts';

/** @returns the map, or what is wrong with the shape. */
export function splitDeltaNet(parts: readonly number[], { deltaKeyHeads }: ModelDimensions): RowMap | string {
  const heads = deltaKeyHeads ?? 0;
  if (heads === 0) return 'config.json says nothing of linear_num_key_heads';
  const uneven = parts.filter((rows) => rows % heads !== 0);
  if (uneven.length > 0) return `linear_num_key_heads ${heads} does not divide ${uneven.join(', ')} rows`;
  const total = parts.reduce((sum, rows) => sum + rows, 0);
  const runs: RowRun[] = [];
  let source = 0;
  let targetRow = 0;
  for (const part of parts) {
    const rows = part / heads;
    const place = { source, sourcePeriod: rows, targetRow, targetPeriod: total / heads, targetStep: 1 };
    runs.push({ target: 0, rows, repeats: heads, ...place });
    source += part;
    targetRow += rows;
  }
  return mapOfRuns(runs, [total]);
}
