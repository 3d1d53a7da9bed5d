// Pausing `convert` in the UI frees the machine; unpausing goes on where it stopped.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { connect, describeProgress, startConversion } from '../../src/client.ts';
import { findStaging, largeCheckpoint, makeWorkspace, type TestCheckpoint } from '../support/temporal-checkpoints.ts';
import { pauseActivity, resultOf, unpauseActivity, waitFor } from '../support/temporal-operate.ts';
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
let worker: WorkerProcess;
let workspace: { path: string; remove: () => Promise<void> };

beforeAll(async () => {
  server = await startTemporalServer();
  client = await connect({ address: server.address });
  checkpoint = await largeCheckpoint();
  workspace = await makeWorkspace();
  worker = await startWorkerProcess(server.address);
}, 600_000);

afterAll(async () => {
  await worker?.end('SIGKILL');
  await client?.connection.close();
  await server?.stop();
  await workspace?.remove();
});

it('a pause stops the ranks, unpausing resumes and reuses', { timeout: 240_000 }, async () => {
  await mkdir(join(workspace.path, 'paused'));
  const target = join(workspace.path, 'paused', 'model');
  const { handle } = await startConversion(client, {
    ...checkpoint,
    hf_path: target,
    max_shard_size: '50MB',
    torchrun: { nproc_per_node: 2 },
    smoke: { enabled: false },
    wait: { initial_interval: '1s' },
  });
  const over = resultOf(handle).then(() => {
    throw new Error('the run was over too soon');
  });
  const underWay = waitFor('a finished file', async () => {
    const found = await findStaging(target);
    return found !== null && (await readdir(join(found, 'done')).catch(() => [])).length > 0 && found;
  });
  const staging = await Promise.race([underWay, over]);

  await holdRanks(staging, () => pauseActivity(handle, 'convert'));
  await waitFor('the end of all ranks', async () => (await findProcesses(staging)).length === 0, 30_000);
  const paused = await waitFor('the pause', async () => {
    const { activity } = await describeProgress(handle);
    return activity?.state === 'paused' ? activity : null;
  });
  expect(paused.phase).toBe('convert');
  const done = (await readdir(join(staging, 'done'))).length;
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(await findProcesses(staging)).toEqual([]);

  await unpauseActivity(handle, 'convert');
  expect((await resultOf(handle)).files_reused).toBeGreaterThanOrEqual(done);
});
