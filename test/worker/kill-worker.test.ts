// The death of a worker in the middle of a conversion of 1 GB: its ranks die with it, and the next worker continues.
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { type ConversionHandle, connect, describeProgress, startConversion } from '../../src/client.ts';
import { formatBytes } from '../../src/contract/index.ts';
import { findStaging, largeCheckpoint, makeWorkspace, type TestCheckpoint } from '../support/temporal-checkpoints.ts';
import { resultOf, waitFor } from '../support/temporal-operate.ts';
import { startTemporalServer, type TemporalServer } from '../support/temporal-server.ts';
import {
  findProcesses,
  holdRanks,
  startWorkerProcess,
  type WorkerProcess,
} from '../support/temporal-worker-process.ts';

let server: TemporalServer;
let client: Client;
let checkpoint: TestCheckpoint;
let workspace: { path: string; remove: () => Promise<void> };
const workers: WorkerProcess[] = [];
const RANKS = 2;
/** At most: `MOST_THREADS` of the rank program; each writes one file at a time. */
const THREADS_OF_A_RANK = 2;

beforeAll(async () => {
  server = await startTemporalServer();
  client = await connect({ address: server.address });
  checkpoint = await largeCheckpoint();
  workspace = await makeWorkspace();
}, 600_000);

afterAll(async () => {
  for (const worker of workers) await worker.end('SIGKILL');
  await client?.connection.close();
  await server?.stop();
  await workspace?.remove();
});

const newWorker = async (): Promise<WorkerProcess> => {
  const worker = await startWorkerProcess(server.address);
  workers.push(worker);
  return worker;
};

async function start(name: string): Promise<{ handle: ConversionHandle; target: string }> {
  await mkdir(join(workspace.path, name));
  const target = join(workspace.path, name, 'model');
  const { handle } = await startConversion(client, {
    ...checkpoint,
    hf_path: target,
    max_shard_size: '50MB',
    torchrun: { nproc_per_node: RANKS },
    smoke: { enabled: false },
    // A checkpoint made a minute ago needs a second look, and the death of a worker shows after a missed heartbeat.
    wait: { initial_interval: '1s' },
    retry: { heartbeat: '8s' },
  });
  return { handle, target };
}

/** Name, inode, mtime and size of what is finished. */
async function finished(staging: string): Promise<Map<string, string>> {
  const done = await readdir(join(staging, 'done')).catch(() => []);
  const entries = done
    .filter((name) => name.endsWith('.json'))
    .map(async (name): Promise<[string, string]> => {
      const file = name.replace(/\.json$/, '');
      const { ino, mtimeMs, size } = await stat(join(staging, 'export', file));
      return [file, `${ino} ${mtimeMs} ${size}`];
    });
  return new Map(await Promise.all(entries));
}

/** Bytes of each file that was being written: what the next attempt does again. */
async function unfinished(staging: string): Promise<number[]> {
  const names = await readdir(staging, { recursive: true });
  const drafts = names.filter((name) => /^attempt-\d+\/.*\.safetensors/.test(name));
  return Promise.all(drafts.map(async (name) => (await stat(join(staging, name))).size));
}

/** Gives the staging directory once `count` files are finished. @throws Error when the run is over before */
function someFinished(handle: ConversionHandle, target: string, count: number): Promise<string> {
  const look = async (): Promise<string | false> => {
    const staging = await findStaging(target);
    return staging !== null && (await finished(staging)).size >= count && staging;
  };
  const over = resultOf(handle).then(() => {
    throw new Error('the run was over too soon');
  });
  return Promise.race([waitFor(`${count} finished files`, look, 90_000), over]);
}

const noRanks = (staging: string): Promise<boolean> =>
  waitFor('the end of all ranks', async () => (await findProcesses(staging)).length === 0);

it(
  'kill -9: no rank survives; a new worker completes the run and writes no finished file again',
  { timeout: 240_000 },
  async () => {
    const first = await newWorker();
    const { handle, target } = await start('killed');
    const staging = await someFinished(handle, target, 3);
    expect((await findProcesses(staging)).length).toBeGreaterThan(0);
    await first.end('SIGKILL');
    await noRanks(staging);
    const before = await finished(staging);
    const lost = await unfinished(staging);
    await newWorker();
    const result = await resultOf(handle);
    expect(result.files_reused).toBeGreaterThanOrEqual(before.size);
    for (const [name, identity] of before) {
      const { ino, mtimeMs, size } = await stat(join(target, name));
      expect(`${ino} ${mtimeMs} ${size}`, name).toBe(identity);
    }
    const redone = lost.reduce((sum, bytes) => sum + bytes, 0);
    expect(lost.length).toBeLessThanOrEqual(RANKS * THREADS_OF_A_RANK);
    process.stdout.write(
      `killed after ${before.size} of ${result.files} files; redone: ${formatBytes(redone)} of ${lost.length} unfinished files\n`,
    );
  },
);

it(
  'SIGTERM: the worker ends its ranks and exits cleanly; a new one completes the run',
  { timeout: 240_000 },
  async () => {
    const [current] = workers.slice(-1);
    const { handle, target } = await start('stopped');
    const staging = await someFinished(handle, target, 3);
    expect(await current?.end('SIGTERM')).toBe(0);
    expect(await findProcesses(staging)).toEqual([]);
    await newWorker();
    expect((await resultOf(handle)).files_reused).toBeGreaterThanOrEqual(3);
  },
);

it('terminating the run leaves no rank', { timeout: 120_000 }, async () => {
  const { handle, target } = await start('terminated');
  const staging = await someFinished(handle, target, 1);
  await holdRanks(staging, () => handle.terminate('test'));
  await noRanks(staging);
  expect(await unfinished(staging)).not.toEqual([]);
});

it('cancelling the run ends the ranks first', { timeout: 120_000 }, async () => {
  const { handle, target } = await start('cancelled');
  const staging = await someFinished(handle, target, 1);
  await holdRanks(staging, () => handle.cancel());
  await expect(handle.result()).rejects.toThrow();
  expect(await findProcesses(staging)).toEqual([]);
  expect((await describeProgress(handle)).state).toBe('CANCELLED');
});
