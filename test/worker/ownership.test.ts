// Two runs with ids of their own on one target: the record beside the target is the guard, not the workflow id.
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isOwnerAlive } from '../../src/activities/is-owner-alive.ts';
import { type ConversionHandle, connect, explainFailure, startConversion } from '../../src/client.ts';
import type { Worker } from '../../src/contract/surroundings.ts';
import { loadWorkerConfig } from '../../src/worker.ts';
import {
  findStaging,
  largeCheckpoint,
  makeWorkspace,
  trainedCheckpoint,
  type TestCheckpoint,
} from '../support/temporal-checkpoints.ts';
import { makeRequest } from '../support/temporal-activities.ts';
import { resultOf, waitFor } from '../support/temporal-operate.ts';
import { startTemporalServer, type TemporalServer } from '../support/temporal-server.ts';
import { silenceTemporal, startWorkers, type TestWorkers } from '../support/temporal-workers.ts';

let server: TemporalServer;
let client: Client;
let workers: TestWorkers;
let workspace: { path: string; remove: () => Promise<void> };

beforeAll(async () => {
  silenceTemporal();
  server = await startTemporalServer();
  client = await connect({ address: server.address });
  const config = await loadWorkerConfig();
  const concurrency = { ...config.worker.concurrency, convert: 2 };
  workers = await startWorkers(server.address, { config: { ...config, worker: { ...config.worker, concurrency } } });
  workspace = await makeWorkspace();
  await largeCheckpoint();
}, 600_000);

afterAll(async () => {
  await workers?.stop();
  await client?.connection.close();
  await server?.stop();
  await workspace?.remove();
});

async function start(workflowId: string, checkpoint: TestCheckpoint, target: string): Promise<ConversionHandle> {
  const request = {
    ...checkpoint,
    hf_path: target,
    smoke: { enabled: false },
    distributed: false,
    wait: { initial_interval: '1s' },
  };
  return (await startConversion(client, request, { workflowId })).handle;
}

it(
  'the second is refused and told who owns the target; after the end of the first it may',
  { timeout: 200_000 },
  async () => {
    await mkdir(join(workspace.path, 'contested'));
    const target = join(workspace.path, 'contested', 'model');
    const first = await start('training-a/export', await largeCheckpoint(), target);
    await waitFor('the staging of the first', () => findStaging(target));
    const second = await start('training-b/export', await trainedCheckpoint(), target);
    const report = explainFailure(await second.result().catch((error: unknown) => error));
    expect(report.type).toBe('TargetOwned');
    expect(report.message).toContain('training-a/export');
    await first.terminate('makes room');
    const third = await start('training-c/export', await trainedCheckpoint(), target);
    expect((await resultOf(third)).hf_path).toBe(target);
  },
);

const owner = (values: Partial<Worker>): Worker => ({
  kind: 'workflow',
  workflowId: 'none',
  runId: '00000000-0000-0000-0000-000000000000',
  attempt: 1,
  namespace: 'default',
  host: hostname(),
  pid: process.pid,
  ...values,
});

describe('isOwnerAlive', () => {
  it('knows open runs from closed and unknown ones', async () => {
    const waiting = makeRequest('alive', { task_queues: { preflight: 'nobody-is-here' } });
    const { handle, workflowId, runId } = await startConversion(client, waiting);
    expect(await isOwnerAlive(owner({ workflowId, runId }), client)).toBe(true);
    await handle.terminate();
    expect(await isOwnerAlive(owner({ workflowId, runId }), client)).toBe(false);
  });

  it('asks the worker process about a run that this server does not know', async () => {
    expect(await isOwnerAlive(owner({ pid: 4_194_305 }), client)).toBe(false);
    // Our own process takes over what it took itself; another living process may serve another cluster, as may another host.
    expect(await isOwnerAlive(owner({ pid: process.pid }), client)).toBe(false);
    expect(await isOwnerAlive(owner({ pid: process.ppid }), client)).toBe(true);
    expect(await isOwnerAlive(owner({ host: 'elsewhere', pid: 4_194_305 }), client)).toBe(true);
  });

  it('looks a command-line owner up on its own host only', async () => {
    expect(await isOwnerAlive(owner({ kind: 'cli' }), client)).toBe(true);
    expect(await isOwnerAlive(owner({ kind: 'cli', pid: 4_194_305 }), client)).toBe(false);
    expect(await isOwnerAlive(owner({ kind: 'cli', pid: 4_194_305, host: 'elsewhere' }), client)).toBe(true);
  });

  it('does not guess when the server cannot be asked', async () => {
    await expect(isOwnerAlive(owner({ namespace: 'no-such-namespace' }), client)).rejects.toThrow();
  });
});
