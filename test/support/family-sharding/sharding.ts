// What the sharding of every family needs: tensors of numbered elements, and Megatron's in plain loops over rows.

/** A tensor of numbered elements, row-major. */
export interface Numbered {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export type Named = ReadonlyMap<string, Numbered>;
type Config = Readonly<Record<string, unknown>>;

/** Puts Megatron's tensors of one model into `out`, with a number in the key for every layer and every expert. */
export type Shard = (s: Sharding) => void;

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

/** Layers for multi-token prediction repeat embedding and output layer under names of their own. */
export function shareCopies(hf: Named): Map<string, Numbered> {
  const embedding = hf.get('model.embed_tokens.weight');
  const head = hf.get('lm_head.weight') ?? embedding;
  const shared = [...hf].map(([name, tensor]): [string, Numbered] => {
    if (/^model\.layers\.\d+\.embed_tokens\.weight$/.test(name)) return [name, embedding ?? tensor];
    return [name, name.endsWith('.shared_head.head.weight') ? (head ?? tensor) : tensor];
  });
  return new Map(shared);
}

interface GatedNames {
  readonly gate: string;
  readonly up: string;
  readonly down: string;
}

const GATED_NAMES: GatedNames = { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' };

export class Sharding {
  readonly out = new Map<string, Numbered>();
  readonly hf: Named;
  readonly config: Config;

  constructor(hf: Named, config: Config) {
    this.hf = hf;
    this.config = config;
  }

  /** A number of the config. */
  count(name: string): number {
    const value = this.config[name];
    if (typeof value !== 'number') throw new Error(`the config has no ${name}`);
    return value;
  }

  /** A text of the config. */
  text(name: string): string {
    const value = this.config[name];
    if (typeof value !== 'string') throw new Error(`the config has no ${name}`);
    return value;
  }

  get(name: string): Numbered {
    const tensor = this.hf.get(name);
    if (!tensor) throw new Error(`the model has no ${name}`);
    return tensor;
  }

  rows(name: string): number[][] {
    const { shape, data } = this.get(name);
    const [rows = 0] = shape;
    const width = data.length / rows;
    return Array.from({ length: rows }, (_, row) => data.slice(row * width, (row + 1) * width));
  }

  /** The same tensor under Megatron's name. */
  copy(ours: string, theirs: string): void {
    this.out.set(ours, this.get(theirs));
  }

  /** The same, where the model has it. */
  copyIfAny(ours: string, theirs: string): void {
    if (this.hf.has(theirs)) this.copy(ours, theirs);
  }

  /** @param like name of a tensor with the same axes behind the rows */
  put(ours: string, rows: readonly number[][], like: string): void {
    this.out.set(ours, { shape: [rows.length, ...this.get(like).shape.slice(1)], data: rows.flat() });
  }

  putMatrix(ours: string, rows: readonly number[][]): void {
    this.out.set(ours, { shape: [rows.length, rows[0]?.length ?? 0], data: rows.flat() });
  }

  putVector(ours: string, data: readonly number[]): void {
    this.out.set(ours, { shape: [data.length], data });
  }

  /** The matrix of one expert of a tensor [experts, rows, columns]. */
  expertRows(name: string, expert: number): number[][] {
    const width = this.get(name).shape[2] ?? 0;
    const flat = this.rows(name)[expert] ?? [];
    return Array.from({ length: flat.length / width }, (_, row) => flat.slice(row * width, (row + 1) * width));
  }

  /** Embedding, final norm, and the output layer where it is not tied. */
  ends(embedding = 'model.embed_tokens', norm = 'model.norm'): void {
    this.copy('embedding.word_embeddings.weight', `${embedding}.weight`);
    this.copy('decoder.final_layernorm.weight', `${norm}.weight`);
    this.copyIfAny('output_layer.weight', 'lm_head.weight');
  }

  /** Prefixes of every layer in both worlds. */
  eachLayer(layer: (ours: string, theirs: string, index: number) => void, theirs = 'model.layers'): void {
    for (let i = 0; i < this.count('num_hidden_layers'); i += 1) layer(`decoder.layers.${i}.`, `${theirs}.${i}.`, i);
  }

  /** Query group by query group: its query heads, its key head, its value head. Weights and biases. */
  attention(ours: string, theirs: string, groups = this.count('num_key_value_heads')): void {
    const headDim = this.count('head_dim');
    const queries = (this.count('num_attention_heads') / groups) * headDim;
    for (const kind of this.kinds(`${theirs}q_proj`)) {
      const [q = [], k = [], v = []] = ['q', 'k', 'v'].map((part) => this.rows(`${theirs}${part}_proj.${kind}`));
      const fused: number[][] = [];
      for (let g = 0; g < groups; g += 1) {
        fused.push(...q.slice(g * queries, (g + 1) * queries));
        for (const part of [k, v]) fused.push(...part.slice(g * headDim, (g + 1) * headDim));
      }
      this.put(`${ours}self_attention.linear_qkv.${kind}`, fused, `${theirs}q_proj.${kind}`);
    }
    for (const kind of this.kinds(`${theirs}o_proj`)) {
      this.copy(`${ours}self_attention.linear_proj.${kind}`, `${theirs}o_proj.${kind}`);
    }
    for (const head of ['q', 'k']) {
      this.copyIfAny(`${ours}self_attention.${head}_layernorm.weight`, `${theirs}${head}_norm.weight`);
    }
  }

  /** Gate rows, then up rows; and down. Weights and biases. */
  gated(ours: string, theirs: string, { gate, up, down }: GatedNames = GATED_NAMES): void {
    for (const kind of this.kinds(`${theirs}${gate}`)) {
      const rows = [...this.rows(`${theirs}${gate}.${kind}`), ...this.rows(`${theirs}${up}.${kind}`)];
      this.put(`${ours}linear_fc1.${kind}`, rows, `${theirs}${gate}.${kind}`);
      this.copy(`${ours}linear_fc2.${kind}`, `${theirs}${down}.${kind}`);
    }
  }

  /** Weight, and bias where the model has one. */
  private kinds(module: string): string[] {
    return ['weight', 'bias'].filter((kind) => this.hf.has(`${module}.${kind}`));
  }
}
