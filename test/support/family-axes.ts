// Fully numbered Megatron keys -> the keys of a checkpoint: layers and experts on leading axes, halves under keys of their own, padding.
import type { Numbered } from './family-sharding/sharding.ts';

export interface Axes {
  /** One key for all layers; only where every layer has the same keys and shapes. */
  readonly layers: boolean;
  readonly experts: boolean;
  /** Gated experts as `_w` and `_v`; only without an axis of experts (`singleton_local_shards`). */
  readonly halves: boolean;
  readonly separateNorms: boolean;
  /** Embedding and output layer get rows up to a multiple of this. */
  readonly vocabMultiple: number;
  readonly prefix: string;
}

export function layOutKeys(numbered: ReadonlyMap<string, Numbered>, axes: Axes): Map<string, Numbered> {
  let out = new Map([...numbered].map(([key, tensor]) => [renameNorm(key, axes), pad(key, tensor, axes)]));
  if (axes.experts) out = stack(out, /(?<=\.experts\.experts\.)(\d+)\./);
  else if (axes.halves) out = splitHalves(out);
  if (axes.layers) out = stack(out, /(?<=^decoder\.layers\.)(\d+)\./);
  return new Map([...out].map(([key, tensor]) => [axes.prefix + key, tensor]));
}

/** Joins the keys that differ only in a number, in the order of the number, on a new first axis. */
function stack(tensors: ReadonlyMap<string, Numbered>, number: RegExp): Map<string, Numbered> {
  const groups = Map.groupBy(tensors, ([key]) => key.replace(number, ''));
  const out = new Map<string, Numbered>();
  for (const [key, members] of groups) {
    const [first] = members;
    if (first === undefined) continue;
    if (!number.test(first[0])) {
      out.set(...first);
      continue;
    }
    const at = ([name]: readonly [string, Numbered]): number => Number(number.exec(name)?.[1]);
    const ordered = members.toSorted((a, b) => at(a) - at(b)).map(([, tensor]) => tensor);
    const shape = first[1].shape;
    if (ordered.some((tensor) => tensor.shape.join() !== shape.join())) throw new Error(`${key}: shapes differ`);
    out.set(key, { shape: [ordered.length, ...shape], data: ordered.flatMap(({ data }) => data) });
  }
  return out;
}

function splitHalves(tensors: ReadonlyMap<string, Numbered>): Map<string, Numbered> {
  const out = new Map<string, Numbered>();
  for (const [key, { shape, data }] of tensors) {
    const [rows = 0, ...rest] = shape;
    if (!/\.experts\.experts\.\d+\.linear_fc1\.weight$/.test(key)) out.set(key, { shape, data });
    else {
      out.set(`${key}_w`, { shape: [rows / 2, ...rest], data: data.slice(0, data.length / 2) });
      out.set(`${key}_v`, { shape: [rows / 2, ...rest], data: data.slice(data.length / 2) });
    }
  }
  return out;
}

function pad(key: string, { shape, data }: Numbered, { vocabMultiple }: Axes): Numbered {
  if (!/^(?:embedding\.word_embeddings|output_layer)\.weight$/.test(key)) return { shape, data };
  const [rows = 0, width = 0] = shape;
  const padding = Math.ceil(rows / vocabMultiple) * vocabMultiple - rows;
  return { shape: [rows + padding, width], data: [...data, ...Array.from({ length: padding * width }, () => -1)] };
}

function renameNorm(key: string, { separateNorms }: Axes): string {
  if (!separateNorms) return key;
  return key
    .replace('self_attention.linear_qkv.layer_norm_weight', 'input_layernorm.weight')
    .replace('mlp.linear_fc1.layer_norm_weight', 'pre_mlp_layernorm.weight');
}
