// Plays the training job: copies a saved iteration file by file in the order of an asynchronous save, slowly enough to be watched.
import { copyFile, mkdir, open, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Pace {
  /** Seconds until the iteration directory appears. */
  readonly before: number;
  /** Seconds in which the shards grow, all together. */
  readonly shards: number;
  /** Seconds between the last shard and `.metadata`: the time that a real save needs to hear from all ranks. */
  readonly finalize: number;
}

/** Parts in which the shards are written. */
const STEPS = 20;

/**
 * `common.pt` and all shards at once, each growing; then `.metadata`, then `metadata.json`, then the tracker in the parent directory.
 * @param target an `iter_*` directory that does not exist; its parent does
 */
export async function saveLate(source: string, target: string, pace: Pace, say: (line: string) => void): Promise<void> {
  await sleep(pace.before * 1000);
  const names = await readdir(source);
  const shards = names.filter((name) => name.endsWith('.distcp'));
  await mkdir(target);
  say(`${basename(target)} appears; ${shards.length} shards begin to grow`);
  for (const name of names.filter((one) => one === 'common.pt')) await copyFile(join(source, name), join(target, name));
  await Promise.all(shards.map((name) => growFile(join(source, name), join(target, name), pace.shards)));
  say('all shards are written; .metadata is still missing');
  await sleep(pace.finalize * 1000);
  for (const name of ['.metadata', 'metadata.json']) await copyFile(join(source, name), join(target, name));
  const tracker = 'latest_checkpointed_iteration.txt';
  await copyFile(join(dirname(source), tracker), join(dirname(target), tracker));
  say('.metadata, metadata.json and the tracker are written: the save is complete');
}

async function growFile(source: string, target: string, seconds: number): Promise<void> {
  const content = await readFile(source);
  const file = await open(target, 'wx');
  try {
    for (let step = 0; step < STEPS; step += 1) {
      const [begin, end] = [step, step + 1].map((part) => Math.round((part * content.length) / STEPS));
      await file.writeFile(content.subarray(begin, end));
      await sleep((seconds * 1000) / STEPS);
    }
  } finally {
    await file.close();
  }
}
