// The header of a safetensors file: JSON text in front of the data section.
import type { DType } from '../checkpoint/types.ts';

/** One tensor of a file. `[begin, end)` is its byte range in the data section. */
export interface HeaderTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The data section begins at a multiple of this many bytes (safetensors/src/tensor.rs, `prepare`). */
const ALIGNMENT = 8;

/**
 * The header text, padded with spaces so that the data section (8 bytes of length + header) is 8-byte aligned.
 * The same text as the Rust library writes for the same tensors in the same order. transformers wants `{ format: 'pt' }` as metadata.
 *
 * The text is put together by hand: a JavaScript object would move names that look like integers to the front.
 */
export function buildHeader(tensors: readonly HeaderTensor[], metadata?: Readonly<Record<string, string>>): string {
  const members = tensors.map(
    ({ name, dtype, shape, begin, end }) =>
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join(',')}],"data_offsets":[${begin},${end}]}`,
  );
  if (metadata) members.unshift(`"__metadata__":${JSON.stringify(metadata)}`);
  const text = `{${members.join(',')}}`;
  const bytes = Buffer.byteLength(text);
  return text + ' '.repeat((ALIGNMENT - (bytes % ALIGNMENT)) % ALIGNMENT);
}

/** The bytes in front of the data section: u64 little-endian length, then the header text. */
export function encodeHeader(header: string): Buffer {
  const text = Buffer.from(header, 'utf8');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text]);
}
