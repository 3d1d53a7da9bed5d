// The digest of everything that decides the output bytes (design 11.8), and of nothing else: what it names can be reused by another run.
import { createHash } from 'node:crypto';
import type { FilePlan } from './types.ts';

/** Raise it when the rank program writes other bytes for the same plan. */
const WRITER_FORMAT = 1;

/** What is known of one `.distcp` file without reading it. Numbers of `stat` as text, since inodes and nanoseconds exceed 2^53. */
export interface FileStamp {
  /** Bytes. */
  readonly size: string;
  /** Nanoseconds since 1970. */
  readonly mtime: string;
  readonly inode: string;
}

/** By the file names of the checkpoint. */
export type CheckpointStat = ReadonlyMap<string, FileStamp>;

/**
 * sha256, hex, over: writer format, digest of `.metadata`, stamp of each source file in use, and for each output file its header
 * (names, dtypes, shapes, split) with the source box of each copy.
 */
export function digestBytes(metadataDigest: string, stat: CheckpointStat, files: readonly FilePlan[]): string {
  const hash = createHash('sha256');
  // One update a file: a call for each of some hundred thousand lines would cost more than the hashing.
  let lines: string[] = [];
  const line = (...parts: readonly (string | number)[]): void => {
    lines.push(parts.join('\0'));
  };
  const flush = (): void => {
    hash.update(`${lines.join('\n')}\n`);
    lines = [];
  };
  line('megatron-to-hf bytes', WRITER_FORMAT, metadataDigest);
  const used = new Set(files.flatMap(({ items }) => items.map(({ file }) => file)));
  for (const file of [...used].sort()) {
    const stamp = stat.get(file);
    line(file, stamp?.size ?? '', stamp?.mtime ?? '', stamp?.inode ?? '');
  }
  for (const { name, header, items, tensors } of files) {
    flush();
    line(name, header);
    for (const { file, offset, length, dtype, shape } of items) line(file, offset, length, dtype, shape.join(','));
    for (const tensor of tensors) {
      line(tensor.name, tensor.sourceDtype, tensor.arithmetic);
      for (const copy of tensor.copies) {
        line(copy.item, copy.shape.join(','), copy.sourceOffset, copy.sourceStrides.join(','));
        line(copy.targetOffset, copy.targetStrides.join(','));
      }
    }
  }
  flush();
  return hash.digest('hex');
}
