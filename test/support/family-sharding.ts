// Megatron's tensors of a Hugging Face model, family by family, in plain loops over rows: the counterpart of the tables in src/models,
// written without them. Facts: megatron-core `sharded_state_dict`; transformers `modeling_*.py`.

/** A tensor of numbered elements, row-major. */
export interface Numbered {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export type Named = ReadonlyMap<string, Numbered>;
type Config = Readonly<Record<string, unknown>>;

/** Megatron keys with a number for every layer and every expert. */
export type Shard = (hf: Named, config: Config) => Map<string, Numbered>;

const dense: Shard = (hf, config) => {
  const out = decoderEnds(hf, 'model.embed_tokens', 'model.norm');
  for (let i = 0; i < count(config, 'num_hidden_layers'); i += 1) {
    const [ours, theirs] = [`decoder.layers.${i}.`, `model.layers.${i}.`];
    putGroupedAttention(out, hf, ours, theirs, config);
    out.set(`${ours}mlp.linear_fc1.layer_norm_weight`, get(hf, `${theirs}post_attention_layernorm.weight`));
    putGated(out, hf, `${ours}mlp.`, `${theirs}mlp.`);
  }
  return out;
};

export const SHARDS: Readonly<Record<string, Shard>> = {
  llama: dense,
  mistral: dense,
  qwen2: dense,
  qwen3: dense,
  'qwen3-moe': (hf, config) => {
    const out = decoderEnds(hf, 'model.embed_tokens', 'model.norm');
    for (let i = 0; i < count(config, 'num_hidden_layers'); i += 1) {
      const [ours, theirs] = [`decoder.layers.${i}.`, `model.layers.${i}.`];
      putGroupedAttention(out, hf, ours, theirs, config);
      out.set(`${ours}pre_mlp_layernorm.weight`, get(hf, `${theirs}post_attention_layernorm.weight`));
      out.set(`${ours}mlp.router.weight`, get(hf, `${theirs}mlp.gate.weight`));
      for (let e = 0; e < count(config, 'num_experts'); e += 1) {
        putGated(out, hf, `${ours}mlp.experts.experts.${e}.`, `${theirs}mlp.experts.${e}.`);
      }
    }
    return out;
  },
};

/** The norm before attention, attention, and the norms of its heads, as far as the model has them. */
function putGroupedAttention(
  out: Map<string, Numbered>,
  hf: Named,
  ours: string,
  theirs: string,
  config: Config,
): void {
  out.set(`${ours}self_attention.linear_qkv.layer_norm_weight`, get(hf, `${theirs}input_layernorm.weight`));
  putAttention(out, hf, ours, `${theirs}self_attn.`, config);
  for (const head of ['q', 'k']) {
    const norm = hf.get(`${theirs}self_attn.${head}_norm.weight`);
    if (norm) out.set(`${ours}self_attention.${head}_layernorm.weight`, norm);
  }
}

/** Every element of the model has a number of its own. */
export function numberTensors(expected: ReadonlyMap<string, readonly number[]>): Map<string, Numbered> {
  let next = 1;
  const out = new Map<string, Numbered>();
  for (const [name, shape] of expected) {
    const size = shape.reduce((product, axis) => product * axis, 1);
    out.set(name, { shape, data: Array.from({ length: size }, () => next++) });
  }
  return out;
}

function decoderEnds(hf: Named, embedding: string, norm: string): Map<string, Numbered> {
  const out = new Map([
    ['embedding.word_embeddings.weight', get(hf, `${embedding}.weight`)],
    ['decoder.final_layernorm.weight', get(hf, `${norm}.weight`)],
  ]);
  const head = hf.get('lm_head.weight');
  if (head) out.set('output_layer.weight', head);
  return out;
}

/** Query group by query group: its query heads, its key head, its value head. */
function putAttention(out: Map<string, Numbered>, hf: Named, ours: string, theirs: string, config: Config): void {
  const groups = count(config, 'num_key_value_heads');
  const headDim = count(config, 'head_dim');
  const queries = (count(config, 'num_attention_heads') / groups) * headDim;
  for (const kind of kindsOf(hf, `${theirs}q_proj`)) {
    const [q, k, v] = ['q', 'k', 'v'].map((part) => get(hf, `${theirs}${part}_proj.${kind}`));
    const fused: number[][] = [];
    for (let g = 0; g < groups; g += 1) {
      fused.push(...rowsOf(q).slice(g * queries, (g + 1) * queries));
      for (const part of [k, v]) fused.push(...rowsOf(part).slice(g * headDim, (g + 1) * headDim));
    }
    out.set(`${ours}self_attention.linear_qkv.${kind}`, fromRows(fused, q));
  }
  for (const kind of kindsOf(hf, `${theirs}o_proj`)) {
    out.set(`${ours}self_attention.linear_proj.${kind}`, get(hf, `${theirs}o_proj.${kind}`));
  }
}

/** Gate rows, then up rows. */
function putGated(out: Map<string, Numbered>, hf: Named, ours: string, theirs: string): void {
  for (const kind of kindsOf(hf, `${theirs}gate_proj`)) {
    const [gate, up] = ['gate', 'up'].map((part) => get(hf, `${theirs}${part}_proj.${kind}`));
    out.set(`${ours}linear_fc1.${kind}`, fromRows([...rowsOf(gate), ...rowsOf(up)], gate));
    out.set(`${ours}linear_fc2.${kind}`, get(hf, `${theirs}down_proj.${kind}`));
  }
}

/** Weight, and bias where the model has one. */
function kindsOf(hf: Named, module: string): string[] {
  return ['weight', 'bias'].filter((kind) => hf.has(`${module}.${kind}`));
}

function get(hf: Named, name: string): Numbered {
  const tensor = hf.get(name);
  if (!tensor) throw new Error(`the model has no ${name}`);
  return tensor;
}

function count(config: Config, name: string): number {
  const value = config[name];
  if (typeof value !== 'number') throw new Error(`the config has no ${name}`);
  return value;
}

function rowsOf(tensor: Numbered | undefined): number[][] {
  const { shape, data } = tensor ?? { shape: [], data: [] };
  const [rows = 0] = shape;
  const width = data.length / rows;
  return Array.from({ length: rows }, (_, row) => data.slice(row * width, (row + 1) * width));
}

/** @param like a tensor with the same axes behind the rows */
function fromRows(rows: readonly number[][], like: Numbered | undefined): Numbered {
  return { shape: [rows.length, ...(like?.shape.slice(1) ?? [])], data: rows.flat() };
}
