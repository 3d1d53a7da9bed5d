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

export const SHARDS: Readonly<Record<string, Shard>> = {
  'qwen3-moe': (hf, config) => {
    const out = decoderEnds(hf, 'model.embed_tokens', 'model.norm');
    for (let i = 0; i < count(config, 'num_hidden_layers'); i += 1) {
      const [ours, theirs] = [`decoder.layers.${i}.`, `model.layers.${i}.`];
      out.set(`${ours}self_attention.linear_qkv.layer_norm_weight`, get(hf, `${theirs}input_layernorm.weight`));
      putAttention(out, hf, ours, `${theirs}self_attn.`, config);
      for (const head of ['q', 'k']) {
        out.set(`${ours}self_attention.${head}_layernorm.weight`, get(hf, `${theirs}self_attn.${head}_norm.weight`));
      }
      out.set(`${ours}pre_mlp_layernorm.weight`, get(hf, `${theirs}post_attention_layernorm.weight`));
      out.set(`${ours}mlp.router.weight`, get(hf, `${theirs}mlp.gate.weight`));
      for (let e = 0; e < count(config, 'num_experts'); e += 1) {
        putGated(out, hf, `${ours}mlp.experts.experts.${e}.`, `${theirs}mlp.experts.${e}.`);
      }
    }
    return out;
  },
};

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
  const [q, k, v] = ['q', 'k', 'v'].map((part) => rowsOf(get(hf, `${theirs}${part}_proj.weight`)));
  const fused: number[][] = [];
  for (let g = 0; g < groups; g += 1) {
    fused.push(...(q?.slice(g * queries, (g + 1) * queries) ?? []));
    for (const part of [k, v]) fused.push(...(part?.slice(g * headDim, (g + 1) * headDim) ?? []));
  }
  out.set(`${ours}self_attention.linear_qkv.weight`, fromRows(fused));
  out.set(`${ours}self_attention.linear_proj.weight`, get(hf, `${theirs}o_proj.weight`));
}

/** Gate rows, then up rows. */
function putGated(out: Map<string, Numbered>, hf: Named, ours: string, theirs: string): void {
  const [gate, up] = ['gate', 'up'].map((part) => rowsOf(get(hf, `${theirs}${part}_proj.weight`)));
  out.set(`${ours}linear_fc1.weight`, fromRows([...(gate ?? []), ...(up ?? [])]));
  out.set(`${ours}linear_fc2.weight`, get(hf, `${theirs}down_proj.weight`));
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

function rowsOf({ shape, data }: Numbered): number[][] {
  const [rows = 0] = shape;
  const width = data.length / rows;
  return Array.from({ length: rows }, (_, row) => data.slice(row * width, (row + 1) * width));
}

function fromRows(rows: readonly number[][]): Numbered {
  return { shape: [rows.length, rows[0]?.length ?? 0], data: rows.flat() };
}
