// The published directory, and which rank wrote which of its files.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes } from '../../src/contract/index.ts';
import type { FinishedFile } from './watch-ranks.ts';

/** A tree of the directory: size of every file, and the rank of those that ranks wrote. */
export function describeTree(directory: string, written: readonly FinishedFile[]): string[] {
  const ranks = new Map(written.map(({ name, rank }) => [name, rank]));
  const names = readdirSync(directory).sort();
  const lines = names.map((name, position) => {
    const branch = position === names.length - 1 ? '└──' : '├──';
    const rank = ranks.has(name) ? `  written by rank ${ranks.get(name)}` : '';
    return `${branch} ${name.padEnd(34)}${formatBytes(statSync(join(directory, name)).size).padStart(11)}${rank}`;
  });
  return [directory, ...lines];
}

/** `rank 0 wrote 3 files (2.4 MB), rank 1 wrote 2 files (2.3 MB)` */
export function describeShares(written: readonly FinishedFile[]): string {
  const ranks = [...new Set(written.map(({ rank }) => rank))];
  const shares = ranks.map((rank) => {
    const own = written.filter((file) => file.rank === rank);
    return `rank ${rank} wrote ${own.length} files (${formatBytes(own.reduce((sum, { bytes }) => sum + bytes, 0))})`;
  });
  return shares.join(', ');
}
