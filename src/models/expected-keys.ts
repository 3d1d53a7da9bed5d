// The Hugging Face keys that a config calls for, block by block, in the order of transformers' `state_dict`.
// Facts: transformers `models/*/modeling_*.py`.
import type { ModelDimensions } from './types.ts';

/** Suffix below the layer and shape. */
export type Keys = readonly (readonly [suffix: string, shape: readonly number[]])[];

/** Weight [rows, columns] and perhaps a bias [rows]. */
export function linearKeys(name: string, rows: number, columns: number, bias = false): Keys {
  const weight = [`${name}.weight`, [rows, columns]] as const;
  return bias ? [weight, [`${name}.bias`, [rows]]] : [weight];
}

/** The weight of a norm. */
export function normKeys(name: string, size: number): Keys {
  return [[`${name}.weight`, [size]]];
}

/** Which optional parts grouped-query attention has. */
export interface AttentionParts {
  readonly qkvBias?: boolean;
  readonly projectionBias?: boolean;
  readonly queryKeyNorms?: boolean;
}

export function attentionKeys(
  {
    hidden,
    heads,
    queryGroups,
    headDim,
    outputGate = false,
  }: Pick<ModelDimensions, 'hidden' | 'heads' | 'queryGroups' | 'headDim' | 'outputGate'>,
  { qkvBias = false, projectionBias = false, queryKeyNorms = false }: AttentionParts,
  module = 'self_attn',
): Keys {
  return [
    ...linearKeys(`${module}.q_proj`, (outputGate ? 2 : 1) * heads * headDim, hidden, qkvBias),
    ...linearKeys(`${module}.k_proj`, queryGroups * headDim, hidden, qkvBias),
    ...linearKeys(`${module}.v_proj`, queryGroups * headDim, hidden, qkvBias),
    ...linearKeys(`${module}.o_proj`, hidden, heads * headDim, projectionBias),
    ...(queryKeyNorms ? [...normKeys(`${module}.q_norm`, headDim), ...normKeys(`${module}.k_norm`, headDim)] : []),
  ];
}

/** Gate, up and down of a module with `ffn` inner features. */
export function gatedMlpKeys(
  module: string,
  hidden: number,
  ffn: number,
  { bias = false, names = ['gate_proj', 'up_proj', 'down_proj'] }: { bias?: boolean; names?: readonly string[] } = {},
): Keys {
  const [gate = '', up = '', down = ''] = names;
  return [
    ...linearKeys(`${module}.${gate}`, ffn, hidden, bias),
    ...linearKeys(`${module}.${up}`, ffn, hidden, bias),
    ...linearKeys(`${module}.${down}`, hidden, ffn, bias),
  ];
}

/** Up and down of a module without a gate. */
export function plainMlpKeys(module: string, hidden: number, ffn: number, bias = false): Keys {
  return [
    ...linearKeys(`${module}.up_proj`, ffn, hidden, bias),
    ...linearKeys(`${module}.down_proj`, hidden, ffn, bias),
  ];
}

/** One module for each of `count` experts, under its number. */
export function expertKeys(count: number, module: string, keys: (expert: string) => Keys): Keys {
  return Array.from({ length: count }, (_, expert) => keys(`${module}.${expert}`)).flat();
}

/** The two norms of a layer that normalises before attention and before the MLP. */
export function preNormKeys(hidden: number): Keys {
  return [...normKeys('input_layernorm', hidden), ...normKeys('post_attention_layernorm', hidden)];
}

/** Names at the ends of the decoder and of its layers. */
export interface DecoderNames {
  readonly embedding: string;
  readonly layers: string;
  readonly norm: string;
  /** Whether the final norm has a bias; absent means no. */
  readonly normBias?: boolean;
}

/** A whole decoder: embedding, layers, final norm, and the output layer where it is not tied. */
export function decoderKeys(
  d: ModelDimensions,
  layer: (index: number) => Keys,
  names: DecoderNames = { embedding: 'model.embed_tokens', layers: 'model.layers', norm: 'model.norm' },
): Map<string, readonly number[]> {
  const expected = new Map<string, readonly number[]>([[`${names.embedding}.weight`, [d.vocab, d.hidden]]]);
  for (let index = 0; index < d.layers; index += 1) addKeys(expected, `${names.layers}.${index}`, layer(index));
  expected.set(`${names.norm}.weight`, [d.hidden]);
  if (names.normBias) expected.set(`${names.norm}.bias`, [d.hidden]);
  if (!d.tied) expected.set('lm_head.weight', [d.vocab, d.hidden]);
  return expected;
}

/** Adds keys under a prefix. */
export function addKeys(expected: Map<string, readonly number[]>, prefix: string, keys: Keys): void {
  for (const [suffix, shape] of keys) expected.set(`${prefix}.${suffix}`, shape);
}

/** Key set of a dense decoder with norms before attention and before a gated MLP. */
export function denseDecoderKeys(
  d: ModelDimensions,
  parts: AttentionParts & { readonly mlpBias?: boolean },
): ReadonlyMap<string, readonly number[]> {
  const layer: Keys = [
    ...attentionKeys(d, parts),
    ...gatedMlpKeys('mlp', d.hidden, d.ffn, { bias: parts.mlpBias ?? false }),
    ...preNormKeys(d.hidden),
  ];
  return decoderKeys(d, () => layer);
}
