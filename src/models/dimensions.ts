// The dimensions that every decoder has, from a reference `config.json`.
import { readConfig, type ConfigReader } from './read-config.ts';
import type { ModelConfig, ModelDimensions } from './types.ts';

/** Values that transformers assumes when `config.json` leaves a field out (`configuration_*.py` of the family). */
export interface ConfigDefaults {
  /** Null: as many as there are heads. */
  readonly queryGroups: number | null;
  /** Null: hidden size over heads. */
  readonly headDim: number | null;
  /** Absent: `config.json` must say it. */
  readonly ffn?: number;
  readonly tied?: boolean;
}

/** @throws ConversionError ReferenceMismatch that names every missing or ill-typed field. */
export function readDenseDimensions(config: ModelConfig, defaults: ConfigDefaults): ModelDimensions {
  return readConfig(config, (read) => readDecoder(config, read, defaults));
}

/** The same inside a reader that reads more. */
export function readDecoder(config: ModelConfig, read: ConfigReader, defaults: ConfigDefaults): ModelDimensions {
  const hidden = read.count('hidden_size');
  const heads = read.count('num_attention_heads');
  // A field that is there and null means its own default, not that of the family.
  const otherwise = (name: string, standard: number | null, own: number): number =>
    name in config ? own : (standard ?? own);
  const queryGroups = read.count('num_key_value_heads', otherwise('num_key_value_heads', defaults.queryGroups, heads));
  const headDim = read.count('head_dim', otherwise('head_dim', defaults.headDim, Math.floor(hidden / heads)));
  if (heads % queryGroups !== 0) {
    read.complain(`num_attention_heads (${heads}) must be a multiple of num_key_value_heads (${queryGroups})`);
  }
  return {
    layers: read.count('num_hidden_layers'),
    hidden,
    heads,
    queryGroups,
    headDim,
    ffn: read.count('intermediate_size', defaults.ffn),
    vocab: read.count('vocab_size'),
    tied: read.flag('tie_word_embeddings', defaults.tied ?? false),
    experts: null,
  };
}
