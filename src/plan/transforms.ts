// The transforms of the family tables, each a pure function from the number of source rows to a map of rows.
import type { ModelDimensions, Transform } from '../models/types.ts';
import type { RowMap } from './row-maps.ts';
import { splitDirect } from './split-direct.ts';
import { splitGated } from './split-gated.ts';
import { splitQkv } from './split-qkv.ts';
import { splitVocabulary } from './split-vocabulary.ts';

/** Rows of the source -> map, or what is wrong with the shape. */
export const TRANSFORMS: Readonly<Record<Transform, (rows: number, dimensions: ModelDimensions) => RowMap | string>> = {
  direct: (rows) => splitDirect(rows),
  vocabulary: (rows, { vocab }) => splitVocabulary(rows, vocab),
  qkv: splitQkv,
  gated: (rows) => splitGated(rows),
};
