// A checkpoint whose reading blocks: one shard is swapped for a pipe that nobody writes to, and put back with its inode and times.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findProcesses } from '../../src/launch/find-processes.ts';
import { waitFor } from './launch-processes.ts';

export class BlockedShard {
  readonly #path: string;
  readonly #aside: string;

  constructor(checkpoint: string, shard: string) {
    this.#path = join(checkpoint, shard);
    this.#aside = join(checkpoint, '..', `${shard}.aside`);
  }

  block(): void {
    renameSync(this.#path, this.#aside);
    execFileSync('mkfifo', [this.#path]);
  }

  unblock(): void {
    rmSync(this.#path);
    renameSync(this.#aside, this.#path);
  }
}

/** Process ids of the ranks that work in a staging directory: Node processes, not torchrun above them. */
async function ranksOf(staging: string): Promise<number[]> {
  const all = await findProcesses(['--staging', staging]);
  return all.filter((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0')[0] === process.execPath;
    } catch {
      return false;
    }
  });
}

/** Waits until `count` ranks run and at least `files` files are finished. */
export async function waitForRanks(staging: string, count: number, files: number): Promise<number[]> {
  let ranks: number[] = [];
  await waitFor(async () => {
    ranks = await ranksOf(staging);
    return ranks.length === count && finishedFiles(staging).length >= files;
  }, 20);
  return ranks;
}

export function finishedFiles(staging: string): string[] {
  try {
    return readdirSync(join(staging, 'done'));
  } catch {
    return [];
  }
}
