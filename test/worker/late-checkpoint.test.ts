// The main job: a run that starts before its checkpoint exists, with real ranks and a real generation.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { connect, describeProgress, startConversion } from '../../src/client.ts';
import { loadWorkerConfig } from '../../src/worker.ts';
import { arriveLate, makeWorkspace, trainedCheckpoint } from '../support/temporal-checkpoints.ts';
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
  workers = await startWorkers(server.address, { config: await loadWorkerConfig() });
  workspace = await makeWorkspace();
});

afterAll(async () => {
  await workers?.stop();
  await client?.connection.close();
  await server?.stop();
  await workspace?.remove();
});

it('waits, says what is missing, and completes by itself', { timeout: 240_000 }, async () => {
  const trained = await trainedCheckpoint();
  const checkpoints = join(workspace.path, 'checkpoints');
  await mkdir(checkpoints);
  const iteration = join(checkpoints, 'iter_0000200');
  const target = join(workspace.path, 'model');
  const { handle } = await startConversion(client, {
    megatron_path: iteration,
    hf_model_id: trained.hf_model_id,
    hf_path: target,
    max_shard_size: '1MB',
    torchrun: { nproc_per_node: 2 },
    wait: { initial_interval: '1s', max_interval: '1s' },
  });

  const lastFailure = async (): Promise<string | undefined> =>
    (await describeProgress(handle)).activity?.lastFailure?.message;
  const absent = await waitFor('the first look', lastFailure);
  expect(absent).toContain('iter_0000200');
  const late = await arriveLate(trained.megatron_path, iteration);
  const unfinished = await waitFor('a look at the shards', async () => {
    const message = await lastFailure();
    return message?.includes('.metadata') === true && message;
  });
  expect(unfinished).not.toBe(absent);
  expect(await readdir(workspace.path)).toEqual(['checkpoints']);
  await late.finish();

  const result = await resultOf(handle);
  expect(result).toMatchObject({ hf_path: target, validation: 'VALIDATED', ranks: 2, already_published: false });
  expect(result.files).toBeGreaterThanOrEqual(4);
  expect(result.smoke.samples.length).toBeGreaterThan(0);
  expect(result.seconds.wait).toBeGreaterThan(2);
  const names = await readdir(target);
  for (const name of ['config.json', 'model.safetensors.index.json', 'tokenizer.json', 'export_manifest.json']) {
    expect(names).toContain(name);
  }
  expect((await readdir(workspace.path)).toSorted()).toEqual(['checkpoints', 'model']);
});
