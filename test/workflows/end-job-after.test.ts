// A run that ends in its conversion leaves no job behind: when `endJob` is called, and what its failure does to the end of the run.
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '@temporalio/client';

import {
  cancelConversion,
  type ConversionHandle,
  connect,
  describeProgress,
  explainFailure,
  startConversion,
} from '../../src/client.ts';
import { type ConversionRequest, ConversionStatus } from '../../src/contract/index.ts';
import { CLEANLY_CANCELLED } from '../../src/contract/names.ts';
import { makeActivities, makeRequest } from '../support/temporal-activities.ts';
import { waitFor } from '../support/temporal-operate.ts';
import { startTemporalServer, type TemporalServer } from '../support/temporal-server.ts';
import {
  bundleOnce,
  silenceTemporal,
  startWorkers,
  TEST_CONFIG,
  type TestWorkers,
} from '../support/temporal-workers.ts';

let server: TemporalServer;
let workers: TestWorkers;
let client: Client;
let giveUp = (): void => undefined;
const over = new Promise<void>((resolve) => {
  giveUp = resolve;
});
/** Digest of the plan, by target, and the queue that it came from. */
const ended = new Map<string, string>();

beforeAll(async () => {
  silenceTemporal();
  server = await startTemporalServer();
  client = await connect({ address: server.address });
  const { worker, ...rest } = TEST_CONFIG;
  workers = await startWorkers(server.address, {
    config: { ...rest, worker: { ...worker, concurrency: { ...worker.concurrency, convert: 20 } } },
    activities: makeActivities({
      convert: ({ input: { hf_path } }) => convert(hf_path),
      endJob: async ({ input: { hf_path }, preflight }) => {
        ended.set(hf_path, `${preflight.byte_digest.slice(0, 3)} ${Context.current().info.taskQueue}`);
        if (hf_path.includes('deaf')) throw schedulerFailed('cancel job 4711: Connection refused', true);
      },
    }),
  });
});
afterAll(async () => {
  giveUp();
  await workers?.stop();
  await client?.connection.close();
  await server?.stop();
});

/** Heartbeats until the cancel arrives, unless the target's name asks for another fate. */
async function convert(target: string): Promise<never> {
  if (target.includes('silent')) throw schedulerFailed('say how job 4711 is', false);
  if (target.includes('corrupt')) throw ApplicationFailure.create({ type: 'CorruptData', nonRetryable: true });
  const context = Context.current();
  if (target.includes('lost')) {
    await over;
    throw new Error('nobody listens any more');
  }
  const beat = setInterval(() => context.heartbeat(), 200);
  try {
    return await context.cancelled;
  } catch (error) {
    throw target.includes('clean') ? new CancelledFailure('CANCELLED', [CLEANLY_CANCELLED]) : error;
  } finally {
    clearInterval(beat);
  }
}

function schedulerFailed(what: string, nonRetryable: boolean): ApplicationFailure {
  const message = `The scheduler of profile far could not ${what}\nmore`;
  return ApplicationFailure.create({ type: 'SchedulerFailed', message, nonRetryable });
}

async function start(name: string, more: Partial<ConversionRequest>): Promise<ConversionHandle> {
  const { handle } = await startConversion(client, makeRequest(name, more));
  return handle;
}

async function cancelInConvert(name: string, more: Partial<ConversionRequest>): Promise<ConversionHandle> {
  const handle = await start(name, more);
  await waitFor('the conversion', async () => {
    const { activity } = await describeProgress(handle);
    if (activity?.phase !== 'convert') return false;
    return activity.state === 'started' || activity.lastFailure !== null;
  });
  await cancelConversion(handle);
  return handle;
}

async function endOf(handle: ConversionHandle): Promise<{ type: string; status: string; summary: string | null }> {
  const { type } = explainFailure(await handle.result().catch((error: unknown) => error));
  const { phases } = ConversionStatus.parse(await handle.query('status'));
  const summary = phases.find(({ phase }) => phase === 'convert')?.summary ?? null;
  return { type, status: (await handle.describe()).status.name, summary };
}

const CANCELLED = { type: 'Cancelled', status: 'CANCELLED', summary: 'cancelled' };
const SEEN = 'aaa megatron-to-hf-convert';
const far = { profile: 'far' };

describe.concurrent('a job', () => {
  it('is ended after a cancel, on the queue of the conversions; the history replays', async () => {
    const handle = await cancelInConvert('cancelled', far);
    expect(await endOf(handle)).toEqual(CANCELLED);
    expect(ended.get('/data/out/cancelled')).toBe(SEEN);
    const workflowBundle = { code: await bundleOnce() };
    await Worker.runReplayHistory({ workflowBundle }, await handle.fetchHistory(), handle.workflowId);
  });

  it.each([
    ['none', {}],
    ['null', { profile: null }],
    ['local', { profile: 'local' }],
  ] as const)('is not looked for where the profile is %s', async (name, more) => {
    expect(await endOf(await cancelInConvert(`here-${name}`, more))).toEqual(CANCELLED);
    expect(ended.has(`/data/out/here-${name}`)).toBe(false);
  });

  it('is not looked for where the attempt says that it left nothing', async () => {
    expect(await endOf(await cancelInConvert('clean', far))).toEqual(CANCELLED);
    expect(ended.has('/data/out/clean')).toBe(false);
  });

  it('is ended after a cancel between two attempts', async () => {
    expect(await endOf(await cancelInConvert('silent-between', far))).toEqual(CANCELLED);
    expect(ended.get('/data/out/silent-between')).toBe(SEEN);
  });

  it('is ended after a cancel that no worker could obey, and the run is cancelled', async () => {
    expect(await endOf(await cancelInConvert('lost', { ...far, retry: { heartbeat: '2s' } }))).toEqual(CANCELLED);
    expect(ended.get('/data/out/lost')).toBe(SEEN);
  });

  it('that cannot be ended is told of, and the run is cancelled all the same', async () => {
    const { summary, ...rest } = await endOf(await cancelInConvert('deaf', far));
    expect(rest).toEqual({ type: 'Cancelled', status: 'CANCELLED' });
    expect(summary).toBe(
      'cancelled; a job of profile far may still run, named in job.json of the staging directory: ' +
        'The scheduler of profile far could not cancel job 4711: Connection refused',
    );
  });

  it('is ended once more where the scheduler was silent in the last attempt, and once where its worker was lost', async () => {
    const once = { heartbeat: '2s', convert_attempts: 1 };
    const silent = await endOf(await start('silent-last', { ...far, retry: once }));
    expect(silent).toMatchObject({ type: 'SchedulerFailed', status: 'FAILED' });
    expect(ended.get('/data/out/silent-last')).toBe(SEEN);
    const lost = await endOf(await start('lost-last', { ...far, retry: once }));
    expect(lost).toMatchObject({ type: 'UnexpectedFailure', status: 'FAILED' });
    expect(ended.get('/data/out/lost-last')).toBe(SEEN);
  });

  it('is left to the activity where that failed for another reason', async () => {
    expect(await endOf(await start('corrupt', far))).toMatchObject({ type: 'CorruptData', status: 'FAILED' });
    expect(ended.has('/data/out/corrupt')).toBe(false);
  });
});
