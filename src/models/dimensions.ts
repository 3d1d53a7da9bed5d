// Reads the dimensions of a dense decoder from a reference `config.json`.
import { ConversionError } from '../contract/failures.ts';
import type { ModelConfig, ModelDimensions } from './types.ts';

/** Values that transformers assumes when `config.json` leaves a field out (`configuration_*.py` of the family). */
export interface ConfigDefaults {
  /** Null: as many as there are heads. */
  readonly queryGroups: number | null;
  /** Null: hidden size over heads. */
  readonly headDim: number | null;
}

/** Far above every published model; a config with more would cost gigabytes before anything could be compared. */
const MOST: Readonly<Record<string, number>> = { num_hidden_layers: 10_000 };
const MOST_OF_OTHERS = 2 ** 26;

/** @throws ConversionError ReferenceMismatch that names every missing or ill-typed field. */
export function readDenseDimensions(config: ModelConfig, defaults: ConfigDefaults): ModelDimensions {
  const problems: string[] = [];
  const count = (name: string): number => {
    const value = config[name];
    const most = MOST[name] ?? MOST_OF_OTHERS;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) {
      if (value <= most) return value;
      problems.push(`config.json: ${name} must be at most ${most}, found ${value}`);
    } else problems.push(`config.json: ${name} must be a positive integer, found ${describe(value)}`);
    return 1;
  };
  const optionalCount = (name: string): number | null => (config[name] == null ? null : count(name));
  const hidden = count('hidden_size');
  const heads = count('num_attention_heads');
  const queryGroups =
    'num_key_value_heads' in config ? optionalCount('num_key_value_heads') : (defaults.queryGroups ?? null);
  const headDim = 'head_dim' in config ? optionalCount('head_dim') : (defaults.headDim ?? null);
  const dimensions: ModelDimensions = {
    layers: count('num_hidden_layers'),
    hidden,
    heads,
    queryGroups: queryGroups ?? heads,
    headDim: headDim ?? Math.floor(hidden / heads),
    ffn: count('intermediate_size'),
    vocab: count('vocab_size'),
    tied: readFlag(config, 'tie_word_embeddings', problems),
    experts: null,
  };
  if (problems.length === 0 && heads % dimensions.queryGroups !== 0) {
    problems.push(
      `config.json: num_attention_heads (${heads}) must be a multiple of num_key_value_heads (${dimensions.queryGroups})`,
    );
  }
  if (problems.length > 0) {
    throw new ConversionError(
      'ReferenceMismatch',
      `The reference config cannot be used: ${problems.join('; ')}. Set hf_model_id to the base model that this checkpoint was trained from.`,
      { problems },
    );
  }
  return dimensions;
}

/** A boolean of `config.json`, false where it is absent. Ill-typed values are added to `problems` when given, else count as false. */
export function readFlag(config: ModelConfig, name: string, problems: string[] = []): boolean {
  const value = config[name];
  if (value != null && typeof value !== 'boolean') {
    problems.push(`config.json: ${name} must be true or false, found ${describe(value)}`);
  }
  return value === true;
}

function describe(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
