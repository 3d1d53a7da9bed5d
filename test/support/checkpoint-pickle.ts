// Writes pickles by hand, opcode by opcode, sound and hostile ones alike.
import { OP } from '../../src/checkpoint/pickle/opcodes.ts';

export type Part = number | string | Uint8Array | readonly Part[];

/** Numbers are opcodes, strings are latin-1 bytes. */
export function bytesOf(...parts: readonly Part[]): Buffer {
  const buffers = parts.map((part) => {
    if (typeof part === 'number') return Buffer.from([part]);
    if (typeof part === 'string') return Buffer.from(part, 'latin1');
    return part instanceof Uint8Array ? Buffer.from(part) : bytesOf(...part);
  });
  return Buffer.concat(buffers);
}

/** A whole pickle of protocol 2. */
export function pickleOf(...parts: readonly Part[]): Buffer {
  return bytesOf(OP.PROTO, 2, ...parts, OP.STOP);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function text(value: string): Part {
  const bytes = Buffer.from(value);
  return [OP.BINUNICODE, u32(bytes.length), bytes];
}

export function int(value: number): Part {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return [OP.LONG1, 8, bytes];
}

export function globalOf(module: string, name: string): Part {
  return [OP.GLOBAL, `${module}\n${name}\n`];
}

export function tuple(...items: readonly Part[]): Part {
  return [OP.MARK, ...items, OP.TUPLE];
}

export function call(callee: Part, ...args: readonly Part[]): Part {
  return [callee, tuple(...args), OP.REDUCE];
}

export interface TensorDescription {
  /** `FloatStorage`, or a dtype such as `float8_e4m3fn` for an untyped storage. */
  readonly storage: string;
  readonly elements: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly storageOffset?: number;
  readonly key?: string;
}

/** The value that torch.save pickles for a tensor: `_rebuild_tensor_v2`, or `_v3` for an untyped storage. */
export function tensorValue({
  storage,
  elements,
  shape,
  strides,
  storageOffset = 0,
  key = '0',
}: TensorDescription): Part {
  const typed = storage.endsWith('Storage');
  const type = typed ? globalOf('torch', storage) : globalOf('torch.storage', 'UntypedStorage');
  const id: Part = [tuple(text('storage'), type, text(key), text('cpu'), int(elements)), OP.BINPERSID];
  const hooks = call(globalOf('collections', 'OrderedDict'));
  const args: Part[] = [
    id,
    int(storageOffset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    OP.NEWFALSE,
    hooks,
  ];
  if (typed) return call(globalOf('torch._utils', '_rebuild_tensor_v2'), ...args);
  return call(globalOf('torch._utils', '_rebuild_tensor_v3'), ...args, globalOf('torch', storage));
}
