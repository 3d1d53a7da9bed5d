// Which tensors go into which file: the algorithm of transformers 5.24 (`save_pretrained`), that is of huggingface_hub 2.4
// `serialization/_base.py: split_state_dict_into_shards_factory`, so that an export looks like one saved by transformers.

export interface Sized {
  readonly name: string;
  readonly bytes: number;
}

export interface Shard<T extends Sized> {
  readonly file: string;
  readonly tensors: readonly T[];
}

/**
 * In the order given: a file is closed when the next tensor would make its tensor bytes exceed `maxBytes`. A tensor above the limit gets
 * a file of its own at once, while the file before it stays open. One file is `model.safetensors`; more are numbered from 1.
 */
export function shardFiles<T extends Sized>(tensors: readonly T[], maxBytes: number): Shard<T>[] {
  const groups: T[][] = [];
  let open: T[] = [];
  let openBytes = 0;
  for (const tensor of tensors) {
    if (tensor.bytes > maxBytes) {
      groups.push([tensor]);
      continue;
    }
    if (openBytes + tensor.bytes > maxBytes) {
      groups.push(open);
      open = [];
      openBytes = 0;
    }
    open.push(tensor);
    openBytes += tensor.bytes;
  }
  if (open.length > 0) groups.push(open);
  return groups.map((group, index) => ({
    file:
      groups.length === 1
        ? 'model.safetensors'
        : `model-${fiveDigits(index + 1)}-of-${fiveDigits(groups.length)}.safetensors`,
    tensors: group,
  }));
}

function fiveDigits(value: number): string {
  return String(value).padStart(5, '0');
}
