// Each recovery note of the Nemotron step, walked through on a real server: the failure with its advice, then the way out.
import { cp, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import {
  type ConversionHandle,
  explainFailure,
  retryConversion,
  startConversion,
  workflowIdOf,
} from '../../src/client.ts';
import { overrideRequest } from '../../src/config/override-request.ts';
import { type ConversionRequest, FAILURES, type FailureType, MANIFEST_FILE } from '../../src/contract/index.ts';
import { arriveLate } from '../support/temporal-checkpoints.ts';
import { type RecoveryWorld, scheduledActivities, startRecoveryWorld, temporal } from '../support/recovery-world.ts';
import { resultOf } from '../support/temporal-operate.ts';

let world: RecoveryWorld;

beforeAll(async () => {
  world = await startRecoveryWorld();
});
afterAll(() => world?.stop());

async function failWith(type: FailureType, request: ConversionRequest): Promise<string> {
  const { handle } = await startConversion(world.client, request);
  return failureOf(handle, type);
}

/** Its message, which holds the advice of its type. */
async function failureOf(handle: ConversionHandle, type: FailureType): Promise<string> {
  const report = explainFailure(await handle.result().catch((error: unknown) => error));
  expect(report).toMatchObject({ type });
  expect(report.message).toContain(FAILURES[type].advice);
  return report.message;
}

/** As `megatron-to-hf retry ID OVERRIDES`. */
async function retry(name: string, overrides: readonly string[] = []) {
  const change = (request: ConversionRequest) => overrideRequest(request, overrides);
  const id = workflowIdOf(join(world.path, name));
  const retried = await retryConversion(world.client, id, overrides.length === 0 ? {} : { change });
  if (retried.state !== 'started') throw new Error(`expected a new run, found ${retried.state}`);
  return retried;
}

it('incomplete checkpoint: the save ends late, and the run is retried', async () => {
  const iteration = join(world.path, 'checkpoints', 'iter_0000300');
  await mkdir(join(world.path, 'checkpoints'));
  const late = await arriveLate(world.checkpoint.megatron_path, iteration);
  const request = world.request('late', { megatron_path: iteration, wait: { timeout: '3s' } });
  const message = await failWith('WaitTimedOut', request);
  expect(message).toContain('.metadata');
  await late.finish();
  const { handle, earlier, notes } = await retry('late', ['wait.timeout=30s']);
  expect(earlier.failure?.type).toBe('WaitTimedOut');
  expect(notes).toEqual(['nothing was converted yet, so everything is still to do']);
  expect(await resultOf(handle)).toMatchObject({ hf_path: request.hf_path, megatron_path: iteration });
});

it('path of a run instead of an iteration: the message lists the iterations, and the retry names one', async () => {
  const run = join(world.path, 'run');
  await cp(join(world.checkpoint.megatron_path, '..'), run, { recursive: true });
  const message = await failWith('CheckpointUnsupported', world.request('path', { megatron_path: run }));
  const iteration = (await readdir(run)).find((name) => name.startsWith('iter_')) ?? '';
  expect(message).toContain(iteration);
  const { handle } = await retry('path', [`megatron_path=${join(run, iteration)}`]);
  expect((await resultOf(handle)).megatron_path).toBe(join(run, iteration));
});

it('no config or tokenizer, or those of another model: hf_model_id is set to the base model', async () => {
  const absent = join(world.path, 'absent');
  await failWith('ReferenceUnavailable', world.request('base', { hf_model_id: absent }));
  const other = join(world.checkpoint.hf_model_id, '..', '..', 'core-0.16', 'reference');
  const { handle: mismatched } = await retry('base', [`hf_model_id=${other}`]);
  await failureOf(mismatched, 'ReferenceMismatch');
  const { handle, earlier } = await retry('base', [`hf_model_id=${world.checkpoint.hf_model_id}`]);
  expect(earlier.failure?.type).toBe('ReferenceMismatch');
  expect((await resultOf(handle)).family).toBe('llama');
});

it('several ranks without a layout: the step refuses with its words, and the retry sets the layout', async () => {
  const layout = { tp: 1, pp: 1, ep: 1, etp: 1, torchrun: { nproc_per_node: 4 } };
  const message = await failWith('LayoutInvalid', world.request('layout', { ...layout, distributed: true }));
  expect(message).toContain(
    'distributed=true is launching multiple ranks, but no model or expert parallelism was configured',
  );
  const { handle } = await retry('layout', ['tp=2', 'pp=2']);
  expect(await resultOf(handle)).toMatchObject({ ranks: 4 });
});

it('a run that has published is reset to any phase: it ends well again and writes nothing', async () => {
  const id = workflowIdOf(join(world.path, 'late'));
  const before = await readFile(join(world.path, 'late', MANIFEST_FILE), 'utf8');
  const weights = await stat(join(world.path, 'late', 'model-00001-of-00003.safetensors'));
  for (const phase of ['publish', 'verify', 'convert', 'validateParallelism']) {
    const latest = world.client.workflow.getHandle(id);
    const task = (await scheduledActivities(latest)).find((scheduled) => scheduled.phase === phase)?.task;
    await temporal(world.address, ['workflow', 'reset', '-w', id, '--event-id', String(task), '--reason', phase]);
    expect(await resultOf(world.client.workflow.getHandle(id))).toMatchObject({ already_published: true });
  }
  expect(await readFile(join(world.path, 'late', MANIFEST_FILE), 'utf8')).toBe(before);
  expect((await stat(join(world.path, 'late', 'model-00001-of-00003.safetensors'))).ino).toBe(weights.ino);
  expect((await readdir(world.path)).filter((name) => name.startsWith('.late'))).toEqual([]);
});
