// What a `config.json` and a recorded configuration say about one setting, in words that can be compared.
import { configuredSparse, sparseLayers, windowedLayers } from '../models/layer-frequency.ts';
import type { ModelConfig } from '../models/types.ts';

type Values = Readonly<Record<string, unknown>>;

export interface SettingFacts {
  readonly config: ModelConfig;
  /** By Megatron's names. */
  readonly values: Values;
}

/** The first of `names` that is neither absent nor null; a dot leads into an object. */
export function pick(values: Values, names: readonly string[]): unknown {
  return names.map((name) => reach(values, name.split('.'))).find((value) => value != null);
}

function reach(values: Values, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), values);
}

export function hasExperts({ values }: SettingFacts): boolean {
  return typeof pick(values, ['num_moe_experts', 'num_experts']) === 'number';
}

export function hasLatentAttention({ values }: SettingFacts): boolean {
  return values['multi_latent_attention'] === true;
}

export function isHybrid({ values }: SettingFacts): boolean {
  return values['is_hybrid_model'] === true || recordedPattern({ values }) !== null;
}

export function hasRotary({ values }: SettingFacts): boolean {
  return values['position_embedding_type'] !== 'none' && values['position_embedding_type'] !== 'learned_absolute';
}

/** Layers without experts, for example `0, 1, 2`; null where a side does not say. */
export function recordedDense({ config, values }: SettingFacts): string | null {
  const layers = layersOf(config, values);
  return layers === null ? null : denseOf(sparseLayers(values['moe_layer_freq'], layers));
}

export function configuredDense({ config, values }: SettingFacts): string | null {
  const layers = layersOf(config, values);
  return layers === null ? null : denseOf(configuredSparse(config, layers));
}

function layersOf(config: ModelConfig, values: Values): number | null {
  const layers = pick(config, ['num_hidden_layers']) ?? values['num_layers'];
  return typeof layers === 'number' && Number.isSafeInteger(layers) && layers > 0 ? layers : null;
}

function denseOf(sparse: readonly boolean[] | null): string | null {
  if (sparse === null) return null;
  const dense = sparse.flatMap((isSparse, layer) => (isSparse ? [] : [layer]));
  return dense.length === 0 ? 'no dense layers' : `dense layers ${dense.join(', ')}`;
}

/** Layers that attend to everything, where others have a window. */
export function recordedFull({ config, values }: SettingFacts): string | null {
  const layers = layersOf(config, values);
  const { window_size: window, window_attn_skip_freq: frequency } = values;
  if (layers === null || window == null || frequency == null) return null;
  return fullOf(windowedLayers(frequency, layers));
}

export function configuredFull({ config, values }: SettingFacts): string | null {
  const types = config['layer_types'];
  const fits = Array.isArray(types) && types.length === layersOf(config, values);
  return fits ? fullOf(types.map((type) => type === 'sliding_attention')) : null;
}

function fullOf(windowed: readonly boolean[] | null): string | null {
  if (windowed === null) return null;
  return `layers ${windowed.flatMap((hasWindow, layer) => (hasWindow ? [] : [layer])).join(', ')} without a window`;
}

/** One symbol a layer, without the ends of pipeline stages and without the parts for multi-token prediction. */
export function recordedPattern({ values }: Pick<SettingFacts, 'values'>): string | null {
  const text = pick(values, ['hybrid_layer_pattern', 'hybrid_override_pattern']);
  return typeof text === 'string' ? (text.replaceAll('|', '').split('/')[0] ?? null) : null;
}

/** Megatron-Core counts the tokens before the own one, transformers with it; Gemma 3 and older classes record the number of transformers. */
export function windowsAgree(says: unknown, recorded: unknown): boolean {
  const left: unknown = Array.isArray(recorded) ? recorded[0] : recorded;
  return typeof left !== 'number' || left < 0 || says === left + 1 || says === left;
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
