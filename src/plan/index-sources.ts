// The tensors of a checkpoint by the patterns of the family tables: layers become `*` and experts `{e}`, in the key or on a prepended axis.
import type { Checkpoint, TensorEntry } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';

/** What the leading axes of a stored tensor count, in front of the axes that the model knows. */
export type LeadAxis = 'layer' | 'expert';

/** One source tensor of a pattern. */
export interface Source {
  readonly entry: TensorEntry;
  /** Layer numbers in the key, from left to right: two where a multi-token prediction block has layers of its own. */
  readonly indices: readonly number[];
  /** Expert number in the key; null where there is none, and where experts are an axis. */
  readonly expert: number | null;
  /** Axes 0, 1 ... that count layers and experts (megatron/core/transformer/transformer_block.py, moe/experts.py `sharded_state_dict`). */
  readonly leads: readonly LeadAxis[];
}

/** A checkpoint key by the patterns of the family tables. */
export type KeyParts = Omit<Source, 'entry'> & { readonly pattern: string };

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
    const { pattern, ...parts } = readKey(entry.key, prefix);
    const sources = byPattern.get(pattern);
    if (sources) sources.push({ entry, ...parts });
    else byPattern.set(pattern, [{ entry, ...parts }]);
  }
  return { prefix, byPattern };
}

/**
 * Layer numbers become `*`, expert numbers `{e}`; where the key has none, they are leading axes. The model inside a multi-token prediction
 * layer is `transformer_layer` in checkpoints of GPT models and `mtp_model_layer` in those of hybrid models
 * (megatron/core/transformer/multi_token_prediction.py `sharded_state_dict`): tables know the first name.
 */
export function readKey(key: string, prefix: string): KeyParts {
  const bare = key.startsWith(prefix) ? key.slice(prefix.length) : key;
  const indices: number[] = [];
  const leads: LeadAxis[] = [];
  let expert: number | null = null;
  const pattern = bare
    .replace(/^(mtp\.layers\.\d+\.)mtp_model_layer\./, '$1transformer_layer.')
    .replaceAll(/(?<=(?:^|\.)layers\.)\d+(?=\.)/g, (number) => {
      indices.push(Number(number));
      return '*';
    })
    .replace(/^decoder\.layers\.(?!\*\.)/, () => {
      leads.push('layer');
      return 'decoder.layers.*.';
    })
    .replace(/(?<=\.experts\.experts\.)(?:(\d+)\.)?/, (_, number: string | undefined) => {
      if (number === undefined) leads.push('expert');
      else expert = Number(number);
      return '{e}.';
    });
  return { pattern, indices, expert, leads };
}

/** Whether any tensor's key fits, without the prefix. */
export function hasSources({ byPattern }: SourceIndex, keys: RegExp): boolean {
  return [...byPattern.keys()].some((pattern) => keys.test(pattern));
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
