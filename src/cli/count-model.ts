// How large a stored model is: layers, elements by dtype, rows of the vocabulary. Pure.
import type { Checkpoint, TrainingConfig } from '../checkpoint/types.ts';
import { findEmbedding } from '../plan/index-sources.ts';
import { volume } from '../plan/strides.ts';
import { readTrainingValues } from '../plan/training-values.ts';
import type { InspectedTensor } from './inspection.ts';

export interface DtypeCount {
  readonly tensors: number;
  readonly bytes: number;
  /** Elements of the tensors of the model; those of an optimizer are none. */
  readonly parameters: number;
}

export interface Vocabulary {
  /** Rows of the stored embedding. */
  readonly rows: number;
  /** Rows that mean something, and who says so; null where nobody does. */
  readonly used: number | null;
  readonly source: 'reference' | TrainingConfig['source'] | null;
  readonly padding: number | null;
}

/** From the index in the keys, or the first axis of a homogeneous stack (`decoder.layers.self_attention...` without an index). */
export function countLayers(tensors: readonly InspectedTensor[]): number | null {
  let layers = 0;
  for (const { key, shape } of tensors) {
    const match = /(?:^|\.)decoder\.layers\.(?:(\d+)\.)?/.exec(key);
    if (match === null) continue;
    layers = Math.max(layers, match[1] === undefined ? (shape[0] ?? 0) : Number(match[1]) + 1);
  }
  return layers === 0 ? null : layers;
}

export function countTypes(tensors: readonly InspectedTensor[]): Readonly<Record<string, DtypeCount>> {
  const counts: Record<string, DtypeCount> = {};
  for (const { dtype, bytes, shape, dropped } of tensors) {
    const count = counts[dtype] ?? { tensors: 0, bytes: 0, parameters: 0 };
    counts[dtype] = {
      tensors: count.tensors + 1,
      bytes: count.bytes + bytes,
      parameters: count.parameters + (dropped === null ? volume(shape) : 0),
    };
  }
  return counts;
}

export function countVocabulary(
  checkpoint: Checkpoint,
  training: TrainingConfig | null,
  reference: number | null,
): Vocabulary | null {
  const rows = findEmbedding(checkpoint)?.entry.shape[0];
  if (rows === undefined) return null;
  const recorded = training === null ? null : readTrainingValues(training).vocab;
  const used = reference ?? recorded;
  const source = reference !== null ? 'reference' : recorded !== null ? (training?.source ?? null) : null;
  return { rows, used, source, padding: used === null ? null : rows - used };
}
