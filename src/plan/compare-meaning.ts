// Recorded settings that shape no tensor and change what the numbers mean, against what the family demands and what config.json says.
import type { TrainingConfig } from '../checkpoint/types.ts';
import type { Family, ModelConfig } from '../models/types.ts';

/** Sentences with both values; a setting that the run did not record is not judged. */
export function compareMeaning(family: Family, training: TrainingConfig): string[] {
  return family.demands.flatMap(({ names, accepts }) =>
    names.flatMap((name) => {
      const recorded = training.values[name];
      if (recorded == null || accepts.some((value) => value === shorten(recorded))) return [];
      return [
        `${name}: family ${family.name} needs ${accepts.join(' or ') || 'none'}, the training run recorded ${show(recorded)} (${training.source})`,
      ];
    }),
  );
}

/** 8 groups of 16 states and 16 groups of 8 look alike: sentences with both values. */
export function compareFactors(family: Family, config: ModelConfig, training: TrainingConfig): string[] {
  return Object.entries(family.recorded?.(config) ?? {}).flatMap(([name, says]) => {
    const recorded = training.values[name];
    if (recorded == null || recorded === says) return [];
    return [`${name}: config.json calls for ${says}, the training run recorded ${show(recorded)} (${training.source})`];
  });
}

/** `torch.nn.functional.silu` -> `silu`. */
function shorten(value: unknown): unknown {
  return typeof value === 'string' ? value.slice(value.lastIndexOf('.') + 1) : value;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
