// The tensors of a checkpoint by the patterns of the family tables: layer indices become `*`, in the key or on a prepended axis.
import type { Checkpoint, TensorEntry } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';

/** One source tensor of a pattern. */
export interface Source {
  readonly entry: TensorEntry;
  /** Layer of a per-layer key; null for keys without a layer, and for stacks. */
  readonly layer: number | null;
  /** Whether axis 0 is the layer axis (megatron/core/transformer/transformer_block.py `sharded_state_dict`). */
  readonly stacked: boolean;
}

export interface SourceIndex {
  /** In front of every model key: empty, or for example `model.`. */
  readonly prefix: string;
  readonly byPattern: ReadonlyMap<string, readonly Source[]>;
}

const EMBEDDING = /^((?:(?:model|module)\.)*)embedding\.word_embeddings\.weight$/;

/** @throws ConversionError CheckpointUnsupported where no word embedding is found: then nothing can be said about the other keys. */
export function indexSources(checkpoint: Checkpoint): SourceIndex {
  const prefix = findPrefix(checkpoint);
  const byPattern = new Map<string, Source[]>();
  for (const entry of checkpoint.tensors.values()) {
    const { pattern, layer, stacked } = readKey(entry.key, prefix);
    const sources = byPattern.get(pattern);
    if (sources) sources.push({ entry, layer, stacked });
    else byPattern.set(pattern, [{ entry, layer, stacked }]);
  }
  return { prefix, byPattern };
}

/** Pattern, layer and layer axis of a checkpoint key. */
export function readKey(key: string, prefix: string): { pattern: string; layer: number | null; stacked: boolean } {
  const bare = key.startsWith(prefix) ? key.slice(prefix.length) : key;
  const match = /^decoder\.layers\.(?:(\d+)\.)?(.+)$/.exec(bare);
  if (!match) return { pattern: bare, layer: null, stacked: false };
  const pattern = `decoder.layers.*.${match[2]}`;
  return match[1] === undefined
    ? { pattern, layer: null, stacked: true }
    : { pattern, layer: Number(match[1]), stacked: false };
}

/** The word embedding under its shortest name, and what stands in front of that name. */
export function findEmbedding(checkpoint: Checkpoint): { entry: TensorEntry; prefix: string } | null {
  let found: { entry: TensorEntry; prefix: string } | null = null;
  for (const entry of checkpoint.tensors.values()) {
    const prefix = EMBEDDING.exec(entry.key)?.[1];
    if (prefix !== undefined && (!found || prefix.length < found.prefix.length)) found = { entry, prefix };
  }
  return found;
}

function findPrefix(checkpoint: Checkpoint): string {
  const embedding = findEmbedding(checkpoint);
  if (embedding) return embedding.prefix;
  const found = [...checkpoint.tensors.keys()].slice(0, 5);
  throw new ConversionError(
    'CheckpointUnsupported',
    `${checkpoint.path}: no tensor embedding.word_embeddings.weight (with or without the prefixes model. and module.), ` +
      `so this is no checkpoint of a language model. It begins with: ${found.join(', ') || 'no tensor at all'}. ` +
      'Point megatron_path at an iter_* directory that holds the weights of a GPT model.',
    { facts: { tensors: checkpoint.tensors.size } },
  );
}
