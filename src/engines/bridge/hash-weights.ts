// The done record of a file that a converter wrote: its bytes are read once, for the digest of the file and the checksums of its tensors.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { DoneRecord } from '../../rank/types.ts';
import type { Header } from '../../safetensors/types.ts';

const BLOCK_BYTES = 4 << 20;

type Stamp = Pick<DoneRecord, 'byteDigest' | 'attempt' | 'name'>;

/** Flushes the file. `onBytes` gets the bytes read so far. @throws the signal's reason. */
export async function hashWeights(
  path: string,
  header: Header,
  stamp: Stamp,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<DoneRecord> {
  const started = performance.now();
  const hash = createHash('sha256');
  const checksums = new Map<string, number>([...header.tensors.keys()].map((name) => [name, 0]));
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  const file = await open(path, 'r');
  let position = 0;
  try {
    await file.sync();
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(block, 0, block.length, position);
      if (bytesRead === 0) break;
      const bytes = block.subarray(0, bytesRead);
      hash.update(bytes);
      addChecksums(checksums, header, bytes, position);
      position += bytesRead;
      onBytes(position);
    }
  } finally {
    await file.close();
  }
  return {
    ...stamp,
    bytes: position,
    sha256: hash.digest('hex'),
    tensors: Object.fromEntries(checksums),
    bytesRead: 0,
    unchecked: 0,
    rank: 0,
    seconds: (performance.now() - started) / 1000,
  };
}

/** Tensors come in the order of their bytes. */
function addChecksums(checksums: Map<string, number>, header: Header, bytes: Uint8Array, position: number): void {
  for (const [name, { begin, end }] of header.tensors) {
    const from = Math.max(0, header.dataOffset + begin - position);
    const to = Math.min(bytes.length, header.dataOffset + end - position);
    if (header.dataOffset + begin >= position + bytes.length) return;
    if (to > from) checksums.set(name, crc32(bytes.subarray(from, to), checksums.get(name) ?? 0));
  }
}
