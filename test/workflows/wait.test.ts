// The wait for a checkpoint is the retries of checkCompleteness: what the server does with them, and how each end is told.
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { runActivity } from '../../src/activities/run-activity.ts';
import { connect, describeProgress, explainFailure, startConversion } from '../../src/client.ts';
import { ConversionError } from '../../src/contract/index.ts';
import { makeActivities, makeRequest } from '../support/temporal-activities.ts';
import { pauseActivity, unpauseActivity, waitFor } from '../support/temporal-operate.ts';
import { startTemporalServer, type TemporalServer } from '../support/temporal-server.ts';
import { silenceTemporal, startWorkers, TEST_CONFIG, type TestWorkers } from '../support/temporal-workers.ts';

const MISSING = '__0_1.distcp: 4096 of 65536 bytes';

let server: TemporalServer;
let workers: TestWorkers;
let client: Client;
const looks = new Map<string, unknown[]>();

beforeAll(async () => {
  silenceTemporal();
  server = await startTemporalServer();
  client = await connect({ address: server.address });
  const sound = makeActivities();
  workers = await startWorkers(server.address, {
    activities: makeActivities({
      checkCompleteness: runActivity(
        'checkCompleteness',
        TEST_CONFIG.policy,
        z.any(),
        async (args, { previous, onProgress }) => {
          const name: string = args.input.hf_path;
          const seen = looks.get(name) ?? [];
          looks.set(name, [...seen, previous]);
          if (name.includes('late') && seen.length >= 3) return sound.checkCompleteness(args);
          onProgress({ phase: 'checkCompleteness', message: 'incomplete', carry: { look: seen.length + 1 } });
          if (name.includes('hanging') && seen.length > 0) await new Promise((resolve) => setTimeout(resolve, 7000));
          throw new ConversionError('CheckpointIncomplete', `1 part is missing: ${MISSING}`, { problems: [MISSING] });
        },
      ),
    }),
  });
});

afterAll(async () => {
  await workers?.stop();
  await client?.connection.close();
  await server?.stop();
});

const request = (target: string, wait: object) =>
  makeRequest(target, { wait: { initial_interval: '1s', max_interval: '1s', ...wait } });

async function failureOf(target: string, wait: object) {
  const { handle } = await startConversion(client, request(target, wait));
  return explainFailure(await handle.result().catch((error: unknown) => error));
}

describe('waiting', () => {
  it('ends by itself when the checkpoint is complete; each look sees what the one before left', async () => {
    const { handle } = await startConversion(client, request('late', {}));
    expect((await handle.result()).validation).toBe('VALIDATED');
    expect(looks.get('/data/out/late')).toEqual([
      undefined,
      ...[1, 2, 3].map((look) => expect.objectContaining({ carry: { look } })),
    ]);
    const { events } = await handle.fetchHistory();
    expect(events?.length).toBeLessThan(45);
  });

  it('shows attempt, next look and what is missing while it lasts', async () => {
    const { handle } = await startConversion(client, request('shown', { initial_interval: '5s', max_interval: '5s' }));
    const activity = await waitFor('a second look', async () => {
      const { activity: found } = await describeProgress(handle);
      return found !== null && found.lastFailure !== null && found.nextAttempt !== null ? found : null;
    });
    expect(activity).toMatchObject({
      phase: 'checkCompleteness',
      state: 'scheduled',
      maximumAttempts: null,
      lastFailure: { type: 'CheckpointIncomplete', problems: [MISSING] },
      progress: { phase: 'checkCompleteness', carry: { look: 1 } },
    });
    expect(activity.attempt).toBeGreaterThanOrEqual(2);
    await handle.terminate('seen enough');
  });
});

describe('the end of the wait is WaitTimedOut with the last list of what is missing', () => {
  it('when the next look would miss the deadline', async () => {
    const report = await failureOf('deadline', { timeout: '4s' });
    expect(report).toMatchObject({ type: 'WaitTimedOut', problems: [MISSING] });
    expect(report.message).toContain(MISSING);
    expect(report.message).toContain('wait.timeout = 4.0 s');
    expect(looks.get('/data/out/deadline')?.length).toBeGreaterThanOrEqual(3);
  });

  it('when the deadline is shorter than one backoff', async () => {
    const started = Date.now();
    const report = await failureOf('short', { timeout: '5s', initial_interval: '1h', max_interval: '1h' });
    expect(report).toMatchObject({ type: 'WaitTimedOut', problems: [MISSING] });
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it('when the run is paused past it', async () => {
    const { handle } = await startConversion(client, request('paused', { timeout: '5s' }));
    await waitFor('a first failure', async () => (await describeProgress(handle)).activity?.lastFailure);
    await pauseActivity(handle, 'checkCompleteness');
    await waitFor('the pause', async () => (await describeProgress(handle)).activity?.state === 'paused');
    await new Promise((resolve) => setTimeout(resolve, 6000));
    // Server 1.32 lets a paused activity miss its deadline, and ends it when it is unpaused.
    expect((await describeProgress(handle)).state).toBe('RUNNING');
    await unpauseActivity(handle, 'checkCompleteness');
    const report = explainFailure(await handle.result().catch((error: unknown) => error));
    expect(report).toMatchObject({ type: 'WaitTimedOut', problems: [MISSING] });
  });

  it('when a look is still running at the deadline', async () => {
    const report = await failureOf('hanging', { timeout: '5s' });
    expect(report).toMatchObject({ type: 'WaitTimedOut', problems: [MISSING] });
  });

  it('when no worker serves the queue, and says that', async () => {
    const { handle } = await startConversion(
      client,
      {
        ...request('deserted', { timeout: '3s' }),
        task_queues: { preflight: 'nobody-is-here' },
      },
      { taskQueue: 'megatron-to-hf' },
    );
    const report = explainFailure(await handle.result().catch((error: unknown) => error));
    expect(report.type).toBe('WaitTimedOut');
    expect(report.message).toContain('No worker finished a single look');
  });
});

it('an operator can pause a wait, and unpausing looks at once', async () => {
  const { handle } = await startConversion(
    client,
    request('late-paused', { initial_interval: '2s', max_interval: '2s' }),
  );
  await waitFor('a first failure', async () => (await describeProgress(handle)).activity?.lastFailure);
  await pauseActivity(handle, 'checkCompleteness');
  await waitFor('the pause', async () => (await describeProgress(handle)).activity?.state === 'paused');
  const before = looks.get('/data/out/late-paused')?.length;
  await new Promise((resolve) => setTimeout(resolve, 5000));
  expect(looks.get('/data/out/late-paused')?.length).toBe(before);
  await unpauseActivity(handle, 'checkCompleteness');
  expect((await handle.result()).validation).toBe('VALIDATED');
});
