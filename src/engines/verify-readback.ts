// Every byte of a file again, from the disk where that is possible.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { runProcess } from '../launch/run-process.ts';

const BLOCK_BYTES = 4 << 20;

export interface ReadBack {
  readonly sha256: string;
  /** Why the bytes may have come from memory instead of the disk, or null. */
  readonly cached: string | null;
}

/** SHA-256 of a file. `onBytes` gets the bytes read so far. */
export async function readBack(path: string, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<ReadBack> {
  const cached = await dropCache(path, signal);
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  const file = await open(path, 'r');
  try {
    for (let position = 0; ;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(block, 0, block.length, position);
      if (bytesRead === 0) break;
      hash.update(block.subarray(0, bytesRead));
      position += bytesRead;
      onBytes(position);
    }
  } finally {
    await file.close();
  }
  return { sha256: hash.digest('hex'), cached };
}

/**
 * Asks the kernel to forget the file's pages, which Node cannot: GNU dd does it with `iflag=nocache count=0` (posix_fadvise
 * POSIX_FADV_DONTNEED). The kernel may keep pages that are mapped or not yet written; ours are flushed.
 */
async function dropCache(path: string, signal: AbortSignal): Promise<string | null> {
  const result = await runProcess({
    command: ['dd', `if=${path}`, 'iflag=nocache', 'count=0', 'status=none'],
    signal,
    timeoutSeconds: 60,
  });
  signal.throwIfAborted();
  if (result.exitCode === 0) return null;
  const why = result.startError ?? result.tail.at(-1) ?? `dd ended with code ${result.exitCode}`;
  return `The page cache could not be dropped before reading back, so bytes may have come from memory (${why}).`;
}
