// The keys of an export: what the family's formula makes of the config, held against the reference's weights and what the checkpoint has.
import type { Checkpoint } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import { optionalParts } from '../models/registry.ts';
import type { Family, ModelConfig, ModelDimensions, OptionalPart } from '../models/types.ts';
import type { ReferenceWeights } from '../reference/types.ts';
import { expectKeys, type ExpectedKeys } from './expect-keys.ts';
import { hasSources, indexSources, type SourceIndex } from './index-sources.ts';

export interface ExportKeys extends ExpectedKeys {
  readonly dimensions: ModelDimensions;
  /** What reference or checkpoint may lack as a whole. */
  readonly optional: readonly OptionalPart[];
}

interface KeySources {
  readonly family: Family;
  readonly config: ModelConfig;
  /** Null: nothing is known of the reference's own weights. */
  readonly weights: ReferenceWeights | null;
}

/** @throws ConversionError ReferenceMismatch where `config` cannot be used. */
export function exportKeys(index: SourceIndex, { family, config, weights }: KeySources): ExportKeys {
  const dimensions = family.dimensions(config);
  refuseVast(dimensions);
  const optional = optionalParts(family, dimensions);
  const keys = expectKeys({
    formula: family.expected(dimensions, config),
    weights,
    optional,
    checkpointHas: ({ sources }) => sources !== null && hasSources(index, sources),
  });
  return { ...keys, dimensions, optional };
}

/** Ten times the largest published models. A broken or hostile config must not cost gigabytes before anything is compared. */
const MOST_EXPERTS = 250_000;

function refuseVast({ layers, experts }: ModelDimensions): void {
  if (layers * (experts ?? 1) <= MOST_EXPERTS) return;
  const problem = `config.json: ${layers} layers with ${experts} experts each are more than any model has`;
  throw new ConversionError('ReferenceMismatch', `The reference config cannot be used: ${problem}.`, {
    problems: [problem],
  });
}

/** Sentences about names that config and weights of the reference do not agree on: a strict run fails on them. */
export function doubtKeys(checkpoint: Checkpoint, sources: KeySources): readonly string[] {
  return exportKeys(indexSources(checkpoint), sources).problems;
}
