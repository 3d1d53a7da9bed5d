// A smoke generation that fails: what is converted is kept, and is used by a retry, by a reset, and by the same request again.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import {
  type ConversionHandle,
  explainFailure,
  findSuccessor,
  retryConversion,
  startConversion,
  workflowIdOf,
} from '../../src/client.ts';
import { isOwnerAlive } from '../../src/activities/is-owner-alive.ts';
import { readOwner } from '../../src/publish/ownership.ts';
import { overrideRequest } from '../../src/config/override-request.ts';
import { ConvertResult, FAILURES, MANIFEST_FILE, WORKFLOW_TYPE } from '../../src/contract/index.ts';
import { findStaging } from '../support/temporal-checkpoints.ts';
import { type RecoveryWorld, scheduledActivities, startRecoveryWorld, temporal } from '../support/recovery-world.ts';
import { resultOf } from '../support/temporal-operate.ts';

let world: RecoveryWorld;
let target: string;
let id: string;
let inodes: Map<string, number>;
let firstRunId: string;

beforeAll(async () => {
  world = await startRecoveryWorld();
  target = join(world.path, 'model');
  id = workflowIdOf(target);
});
afterAll(() => world?.stop());

async function failureOf(handle: ConversionHandle) {
  return explainFailure(await handle.result().catch((error: unknown) => error));
}

async function weightsIn(directory: string): Promise<Map<string, number>> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.safetensors'));
  return new Map(
    await Promise.all(names.map(async (name) => [name, (await stat(join(directory, name))).ino] as const)),
  );
}

/** What the conversion of a run reported, from its history. */
async function convertedBy(handle: ConversionHandle): Promise<ConvertResult> {
  const { events } = await handle.fetchHistory();
  const convert = events?.find((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'convert');
  const done = events?.find((event) =>
    event.activityTaskCompletedEventAttributes?.scheduledEventId?.equals(convert?.eventId ?? -1),
  );
  const data = done?.activityTaskCompletedEventAttributes?.result?.payloads?.[0]?.data;
  return ConvertResult.parse(JSON.parse(Buffer.from(data ?? []).toString()));
}

it('a broken worker: the advice names the retry from smoke, and that begins with smoke', async () => {
  await world.breakPython();
  const { handle, runId } = await startConversion(world.client, world.request('model', { smoke: {} }));
  firstRunId = runId;
  const report = await failureOf(handle);
  expect(report.type).toBe('SmokeCrashed');
  expect(report.message).toContain('no module named torch');
  expect(report.message).toContain(FAILURES.SmokeCrashed.advice);
  const staging = (await findStaging(target)) ?? '';
  inodes = await weightsIn(join(staging, 'export'));
  expect(inodes.size).toBe(3);

  const retried = await retryConversion(world.client, id, { from: 'smoke' });
  expect(retried).toMatchObject({
    state: 'reset',
    notes: [expect.stringMatching(/^3 files .* goes on with its smoke/)],
  });
  expect((await failureOf(retried.handle)).type).toBe('SmokeCrashed');
  expect((await scheduledActivities(retried.handle)).map(({ phase }) => phase)).toEqual([
    'checkCompleteness',
    'validateParallelism',
    'convert',
    'verify',
    'smokeGenerate',
  ]);
  expect((await findSuccessor(handle))?.runId).toBe(retried.runId);
});

it('temporal workflow reset to before smoke: the new run begins with smoke and writes nothing again', async () => {
  await world.repairPython();
  const failed = world.client.workflow.getHandle(id);
  const scheduled = await scheduledActivities(failed);
  const task = scheduled.find(({ phase }) => phase === 'smokeGenerate')?.task ?? 0;
  const args = ['workflow', 'reset', '-w', id, '--event-id', String(task), '--reason', 'the worker has torch now'];
  await temporal(world.address, args);
  // The record beside the target names the first run, which was ended; its successor is at work on it.
  const owner = await readOwner(target);
  if (owner === null) throw new Error(`nobody owns ${target}`);
  expect(owner.worker.runId).toBe(firstRunId);
  expect(await isOwnerAlive(owner.worker, world.client)).toBe(true);

  const handle: ConversionHandle = world.client.workflow.getHandle(id);
  const result = await resultOf(handle);
  expect(result).toMatchObject({ validation: 'VALIDATED', hf_path: target, already_published: false });
  // What the reset copied ends before the task that it was reset to.
  const begun = (await scheduledActivities(handle, task)).map(({ phase }) => phase);
  expect(begun).toEqual(['smokeGenerate', 'publish']);
  expect(await weightsIn(target)).toEqual(inodes);
  expect(await isOwnerAlive(owner.worker, world.client)).toBe(false);
});

it('a bad model: a retry with another limit writes no byte, and the same request again not even that', async () => {
  const strict = world.request('judged', { smoke: { min_perplexity_ratio: 1e6 } });
  const judged = workflowIdOf(join(world.path, 'judged'));
  const { handle } = await startConversion(world.client, strict);
  const report = await failureOf(handle);
  expect(report).toMatchObject({ type: 'SmokeFailed', problems: [expect.stringContaining('min_perplexity_ratio')] });
  expect(report.message).toContain(FAILURES.SmokeFailed.advice);
  expect(report.message).toContain('It wrote:');
  expect(report.message).toContain(`kept in ${await findStaging(strict.hf_path)}/export`);
  expect((await convertedBy(handle)).bytes_written).toBeGreaterThan(4e6);
  expect(await readdir(world.path)).not.toContain('judged');

  const change = (request: typeof strict) => overrideRequest(request, ['smoke.min_perplexity_ratio=20']);
  const retried = await retryConversion(world.client, judged, { change });
  const result = await resultOf(retried.handle);
  expect(result).toMatchObject({ validation: 'VALIDATED', files_reused: 3 });
  expect(await convertedBy(retried.handle)).toMatchObject({ bytes_written: 0, files_reused: 3 });

  // "Start Like This One": the input of the run that succeeded, under an id of its own.
  const again = { ...strict, smoke: { min_perplexity_ratio: 20 } };
  const manifest = await readFile(join(world.path, 'judged', MANIFEST_FILE), 'utf8');
  const { handle: another } = await startConversion(world.client, again, { workflowId: 'like-that-one' });
  expect(await resultOf(another)).toMatchObject({
    validation: 'VALIDATED',
    already_published: true,
    files_reused: 3,
  });
  expect((await scheduledActivities(another)).map(({ phase }) => phase)).not.toContain('smokeGenerate');
  expect(await readFile(join(world.path, 'judged', MANIFEST_FILE), 'utf8')).toBe(manifest);
});

it('what cannot be retried is refused, with what to do instead', async () => {
  const published = await retryConversion(world.client, id);
  expect(published).toMatchObject({ state: 'published', result: { hf_path: target } });
  const waiting = world.request('waiting', { megatron_path: join(world.path, 'iter_0000001') });
  const { handle, workflowId } = await startConversion(world.client, waiting);
  await expect(retryConversion(world.client, workflowId)).rejects.toMatchObject({
    type: 'TargetOwned',
    message: expect.stringContaining(`megatron-to-hf status ${workflowId} --follow`),
  });
  await handle.terminate();
  await expect(retryConversion(world.client, workflowId, { from: 'smoke' })).rejects.toMatchObject({
    type: 'InvalidInput',
    message: expect.stringContaining('not to its smoke generation'),
  });
  const change = (request: typeof waiting) => request;
  await expect(retryConversion(world.client, id, { from: 'smoke', change })).rejects.toMatchObject({
    type: 'InvalidInput',
  });
  await expect(retryConversion(world.client, 'no-such-run')).rejects.toThrow('no-such-run');
  const taskQueue = 'nobody-is-here';
  const empty = await world.client.workflow.start(WORKFLOW_TYPE, { workflowId: 'no-request', taskQueue, args: [] });
  await empty.terminate();
  for (const options of [{}, { change }]) {
    await expect(retryConversion(world.client, 'no-request', options)).rejects.toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining('was started without a request'),
    });
  }
});
