// Disagreements of reference and training run that fail a strict run, and are warnings with strict=false.
import type { Checkpoint, TrainingConfig } from '../checkpoint/types.ts';
import type { Family, ModelConfig } from '../models/types.ts';
import { compareFactors, compareMeaning } from './compare-meaning.ts';
import { doubtSettings } from './compare-settings.ts';
import { findEmbedding } from './index-sources.ts';
import { judgeInterleave } from './judge-interleave.ts';
import { judgePadding } from './judge-padding.ts';
import { readTrainingValues } from './training-values.ts';

export interface DoubtRequest {
  readonly checkpoint: Checkpoint;
  readonly family: Family;
  readonly config: ModelConfig;
  readonly training?: TrainingConfig | null;
}

/** Sentences, one a doubt. @throws ConversionError ReferenceMismatch where `config` has no usable dimensions. */
export function doubtReference({ checkpoint, family, config, training }: DoubtRequest): string[] {
  const rows = findEmbedding(checkpoint)?.entry.shape[0];
  const { vocab } = family.dimensions(config);
  return [
    ...(rows === undefined ? [] : judgePadding(rows, vocab, training ? readTrainingValues(training) : null)),
    ...(training
      ? [
          ...compareMeaning(family, training),
          ...compareFactors(family, config, training),
          ...doubtSettings(family, config, training),
          ...judgeInterleave(family, training),
        ]
      : []),
  ];
}
