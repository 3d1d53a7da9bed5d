// The transforms of the family tables, each a pure function from the shape of a source to a map of rows.
import type { Transform } from '../models/types.ts';
import { splitDeltaNet } from './split-delta-net.ts';
import { splitDirect } from './split-direct.ts';
import { interleaveGated, splitGated } from './split-gated.ts';
import { splitGatedQkv, splitQkv } from './split-qkv.ts';
import { splitVocabulary } from './split-vocabulary.ts';
import type { RowMap, SourceShape } from './row-maps.ts';

/** The map, or what is wrong with the shape. */
type MapRows = (source: SourceShape) => RowMap | string;

export const TRANSFORMS: Readonly<Record<Transform, MapRows>> = {
  direct: splitDirect,
  vocabulary: ({ rows, dimensions }) => splitVocabulary(rows, dimensions.vocab),
  qkv: splitQkv,
  'qkv with gate': splitGatedQkv,
  gated: ({ rows }) => splitGated(rows),
  'gated, interleaved': ({ rows }) => interleaveGated(rows),
  'gated, interleaved, transposed': ({ rows }) => transpose(interleaveGated(rows)),
  transposed: (source) => transpose(splitDirect({ ...source, targets: [[source.rows]] })),
  'delta net qkvz': ({ parts, dimensions }) => splitDeltaNet(parts, dimensions),
  'delta net ba': ({ parts, dimensions }) => splitDeltaNet(parts, dimensions),
};

function transpose(map: RowMap | string): RowMap | string {
  return typeof map === 'string' ? map : { ...map, transposed: true };
}
