// A small model both ways, in plain loops over rows: Hugging Face tensors of numbered elements, and Megatron's global tensors of them.
import type { ModelConfig } from '../../src/models/types.ts';
import type { Global } from './plan-checkpoint.ts';

export interface ModelShape {
  readonly layers: number;
  readonly hidden: number;
  readonly groups: number;
  readonly headsPerGroup: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly vocab: number;
  readonly paddedVocab: number;
  readonly tied: boolean;
  readonly bias: boolean;
  /** Keys with a layer index instead of a layer axis. */
  readonly perLayer: boolean;
  readonly prefix: string;
}

export const SMALL: ModelShape = {
  layers: 2,
  hidden: 8,
  groups: 2,
  headsPerGroup: 2,
  headDim: 2,
  ffn: 6,
  vocab: 10,
  paddedVocab: 16,
  tied: false,
  bias: false,
  perLayer: false,
  prefix: '',
};

type Rows = number[][];

export function configOf(m: ModelShape, more: ModelConfig = {}): ModelConfig {
  return {
    architectures: ['LlamaForCausalLM'],
    num_hidden_layers: m.layers,
    hidden_size: m.hidden,
    num_attention_heads: m.groups * m.headsPerGroup,
    num_key_value_heads: m.groups,
    head_dim: m.headDim,
    intermediate_size: m.ffn,
    vocab_size: m.vocab,
    tie_word_embeddings: m.tied,
    attention_bias: m.bias,
    mlp_bias: m.bias,
    ...more,
  };
}

/** Hugging Face name -> rows; a vector is rows of one element. */
export function makeHuggingFace(m: ModelShape): Map<string, Rows> {
  let next = 1;
  const rows = (count: number, width: number): Rows =>
    Array.from({ length: count }, () => Array.from({ length: width }, () => next++));
  const out = new Map<string, Rows>([['model.embed_tokens.weight', rows(m.vocab, m.hidden)]]);
  const linear = (name: string, height: number, width: number): void => {
    out.set(`${name}.weight`, rows(height, width));
    if (m.bias) out.set(`${name}.bias`, rows(height, 1));
  };
  for (let i = 0; i < m.layers; i += 1) {
    const layer = `model.layers.${i}`;
    linear(`${layer}.self_attn.q_proj`, m.groups * m.headsPerGroup * m.headDim, m.hidden);
    linear(`${layer}.self_attn.k_proj`, m.groups * m.headDim, m.hidden);
    linear(`${layer}.self_attn.v_proj`, m.groups * m.headDim, m.hidden);
    linear(`${layer}.self_attn.o_proj`, m.hidden, m.groups * m.headsPerGroup * m.headDim);
    linear(`${layer}.mlp.gate_proj`, m.ffn, m.hidden);
    linear(`${layer}.mlp.up_proj`, m.ffn, m.hidden);
    linear(`${layer}.mlp.down_proj`, m.hidden, m.ffn);
    out.set(`${layer}.input_layernorm.weight`, rows(m.hidden, 1));
    out.set(`${layer}.post_attention_layernorm.weight`, rows(m.hidden, 1));
  }
  out.set('model.norm.weight', rows(m.hidden, 1));
  if (!m.tied) out.set('lm_head.weight', rows(m.vocab, m.hidden));
  return out;
}

/** Megatron key -> global tensor. */
export function makeMegatron(m: ModelShape, hf: ReadonlyMap<string, Rows>): Map<string, Global> {
  const out = new Map<string, Global>();
  const get = (name: string): Rows => hf.get(name) ?? [];
  const pad = (rows: Rows): Rows => [
    ...rows,
    ...Array.from({ length: m.paddedVocab - m.vocab }, () => Array.from({ length: m.hidden }, () => -1)),
  ];
  const put = (key: string, rows: Rows): void => {
    out.set(m.prefix + key, {
      shape: isVector(key) ? [rows.length] : [rows.length, rows[0]?.length ?? 0],
      data: rows.flat(),
    });
  };
  put('embedding.word_embeddings.weight', pad(get('model.embed_tokens.weight')));
  put('decoder.final_layernorm.weight', get('model.norm.weight'));
  if (!m.tied) put('output_layer.weight', pad(get('lm_head.weight')));
  const layers = Array.from({ length: m.layers }, (_, i) => layerRows(m, hf, `model.layers.${i}.`));
  for (const name of layers[0]?.keys() ?? []) {
    const perLayer = layers.map((layer) => layer.get(name) ?? []);
    if (m.perLayer) for (const [i, rows] of perLayer.entries()) put(`decoder.layers.${i}.${name}`, rows);
    else {
      const [first = []] = perLayer;
      const shape = isVector(name) ? [m.layers, first.length] : [m.layers, first.length, first[0]?.length ?? 0];
      out.set(`${m.prefix}decoder.layers.${name}`, { shape, data: perLayer.flat(2) });
    }
  }
  return out;
}

function layerRows(m: ModelShape, hf: ReadonlyMap<string, Rows>, layer: string): Map<string, Rows> {
  const get = (name: string): Rows => hf.get(layer + name) ?? [];
  const out = new Map<string, Rows>();
  out.set('self_attention.linear_qkv.layer_norm_weight', get('input_layernorm.weight'));
  out.set('mlp.linear_fc1.layer_norm_weight', get('post_attention_layernorm.weight'));
  for (const kind of m.bias ? ['weight', 'bias'] : ['weight']) {
    const fused: Rows = [];
    for (let g = 0; g < m.groups; g += 1) {
      const heads = m.headsPerGroup * m.headDim;
      fused.push(...get(`self_attn.q_proj.${kind}`).slice(g * heads, (g + 1) * heads));
      fused.push(...get(`self_attn.k_proj.${kind}`).slice(g * m.headDim, (g + 1) * m.headDim));
      fused.push(...get(`self_attn.v_proj.${kind}`).slice(g * m.headDim, (g + 1) * m.headDim));
    }
    out.set(`self_attention.linear_qkv.${kind}`, fused);
    out.set(`self_attention.linear_proj.${kind}`, get(`self_attn.o_proj.${kind}`));
    out.set(`mlp.linear_fc1.${kind}`, [...get(`mlp.gate_proj.${kind}`), ...get(`mlp.up_proj.${kind}`)]);
    out.set(`mlp.linear_fc2.${kind}`, get(`mlp.down_proj.${kind}`));
  }
  return out;
}

const isVector = (key: string): boolean => /(?:norm\.weight|layer_norm_weight|\.bias)$/.test(key);
