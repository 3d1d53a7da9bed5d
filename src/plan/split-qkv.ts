// Fused query, key and value: for each query group its query heads, then its key head, then its value head
// (Megatron-Bridge `split_qkv_weights`, `split_qkvg_weights`). Weight and bias alike. Heads and groups come from the rows that the
// reference calls for, so layers may differ in them.
import { mapOfRuns, type RowMap, type RowRun, type SourceShape } from './row-maps.ts';

/** @returns the map, or what is wrong with the shape. */
export function splitQkv({ rows, targets, dimensions: { headDim } }: SourceShape): RowMap | string {
  const { heads, groups } = countHeads(targets, headDim, 1);
  const expected = (heads + 2 * groups) * headDim;
  if (rows !== expected || heads % groups !== 0) return wrongRows(rows, expected, { heads, groups, headDim }, '');
  const queryRows = (heads / groups) * headDim;
  const period = queryRows + 2 * headDim;
  const run = periodic(groups, period);
  return mapOfRuns(
    [run(0, 0, queryRows), run(1, queryRows, headDim), run(2, queryRows + headDim, headDim)],
    [heads * headDim, groups * headDim, groups * headDim],
  );
}

/**
 * With an output gate as large as the queries: a group holds its queries, its gates, key and value; the target holds the gate of each head
 * behind its query. @returns the map, or what is wrong with the shape.
 */
export function splitGatedQkv({ rows, targets, dimensions: { headDim } }: SourceShape): RowMap | string {
  const { heads, groups } = countHeads(targets, headDim, 2);
  const expected = (2 * heads + 2 * groups) * headDim;
  if (rows !== expected || heads % groups !== 0) return wrongRows(rows, expected, { heads, groups, headDim }, '2 * ');
  const each = heads / groups;
  const period = (2 * each + 2) * headDim;
  const run = periodic(groups, period);
  const queries = Array.from({ length: each }, (_, head) => head).flatMap((head) =>
    [0, 1].map((gate) => ({
      ...run(0, (gate * each + head) * headDim, headDim),
      targetRow: (2 * head + gate) * headDim,
      targetPeriod: 2 * each * headDim,
    })),
  );
  return mapOfRuns(
    [...queries, run(1, 2 * each * headDim, headDim), run(2, (2 * each + 1) * headDim, headDim)],
    [2 * heads * headDim, groups * headDim, groups * headDim],
  );
}

/** A run that occurs once in each group. */
function periodic(groups: number, sourcePeriod: number): (target: number, source: number, rows: number) => RowRun {
  return (target, source, rows) => ({
    target,
    source,
    rows,
    repeats: groups,
    sourcePeriod,
    targetRow: 0,
    targetPeriod: rows,
    targetStep: 1,
  });
}

function countHeads(targets: SourceShape['targets'], headDim: number, perHead: number) {
  const [[queries = 0] = [], [keys = 0] = []] = targets;
  return { heads: queries / headDim / perHead, groups: keys / headDim };
}

function wrongRows(
  rows: number,
  expected: number,
  { heads, groups, headDim }: { heads: number; groups: number; headDim: number },
  factor: string,
): string {
  return (
    `(${factor}num_attention_heads ${heads} + 2 * num_key_value_heads ${groups}) * head_dim ${headDim} = ${expected} rows, ` +
    `the checkpoint has ${rows}`
  );
}
