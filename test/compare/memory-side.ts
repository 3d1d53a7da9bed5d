// A side in memory.
import { DTYPE_BYTES } from '../../src/checkpoint/types.ts';
import type { Side } from '../../src/compare/types.ts';
import type { Stored } from '../support/safetensors-file.ts';

export interface MemorySide extends Side {
  /** Names in the order in which they were finished. */
  readonly finished: readonly string[];
}

export function memorySide(tensors: Readonly<Record<string, Stored>>, kind: Side['kind'] = 'export'): MemorySide {
  const finished: string[] = [];
  return {
    path: '/side',
    kind,
    family: null,
    notes: [],
    leftOut: [],
    finished,
    tensors: new Map(Object.entries(tensors)),
    read: (name, begin, count, block) => {
      const tensor = tensors[name];
      if (tensor === undefined) throw new Error(`no ${name}`);
      const size = DTYPE_BYTES[tensor.dtype];
      const part = tensor.bytes.subarray(begin * size, (begin + count) * size);
      if (part.length !== count * size) throw new Error(`${name} ends before ${begin + count}`);
      block.set(part);
    },
    finish: (name) => void finished.push(name),
    close: () => undefined,
  };
}
