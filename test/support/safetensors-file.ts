// Safetensors files with given bytes.
import { writeFile } from 'node:fs/promises';
import type { DType } from '../../src/checkpoint/types.ts';
import { buildHeader, encodeHeader } from '../../src/safetensors/build-header.ts';

export interface Stored {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export async function writeSafetensors(path: string, tensors: Readonly<Record<string, Stored>>): Promise<void> {
  let position = 0;
  const entries = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    const begin = position;
    position += bytes.length;
    return { name, dtype, shape, begin, end: position };
  });
  const data = Object.values(tensors).map(({ bytes }) => bytes);
  await writeFile(path, Buffer.concat([encodeHeader(buildHeader(entries)), ...data]));
}

export function float32(...values: readonly number[]): Stored {
  return { dtype: 'F32', shape: [values.length], bytes: new Uint8Array(new Float32Array(values).buffer) };
}
