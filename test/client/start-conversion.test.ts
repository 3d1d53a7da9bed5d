// Idempotent starts against a real server.
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  cancelConversion,
  connect,
  describeProgress,
  explainFailure,
  startConversion,
  workflowIdOf,
} from '../../src/client.ts';
import { ConversionError, PREFLIGHT_QUEUE, WORKFLOW_TYPE } from '../../src/contract/index.ts';
import { statusQuery } from '../../src/workflows/index.ts';
import { makeActivities, makeRequest } from '../support/temporal-activities.ts';
import { pauseActivity, waitFor } from '../support/temporal-operate.ts';
import { startTemporalServer, type TemporalServer } from '../support/temporal-server.ts';
import { silenceTemporal, startWorkers, type TestWorkers } from '../support/temporal-workers.ts';

let server: TemporalServer;
let workers: TestWorkers | undefined;
let client: Client;

beforeAll(async () => {
  silenceTemporal();
  server = await startTemporalServer();
  client = await connect({ address: server.address });
});

afterAll(async () => {
  await workers?.stop();
  await client?.connection.close();
  await server?.stop();
});

const refusal = async (work: Promise<unknown>): Promise<ConversionError> => {
  const error = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConversionError);
  return error as ConversionError;
};

describe('while a run is in work', () => {
  it('finds it for the same request, however often and however it is spelt', async () => {
    const request = makeRequest('same');
    const started = await Promise.all([1, 2, 3].map(() => startConversion(client, request)));
    expect(started.filter(({ alreadyRunning }) => !alreadyRunning)).toHaveLength(1);
    expect(new Set(started.map(({ runId }) => runId)).size).toBe(1);
    const spelt = { ...request, tp: null, show_progress: false, wait: { timeout: '24h' }, defaulted: ['strict'] };
    expect(await startConversion(client, spelt)).toMatchObject({ alreadyRunning: true, runId: started[0]?.runId });
    await started[0]?.handle.terminate();
  });

  it('finds one that was started by other means: in the UI, by another language', async () => {
    const request = makeRequest('elsewhere');
    const workflowId = workflowIdOf(request.hf_path);
    const options = { workflowId, taskQueue: PREFLIGHT_QUEUE, args: [{ ...request, tp: null }] };
    const { firstExecutionRunId: runId } = await client.workflow.start(WORKFLOW_TYPE, options);
    expect(await startConversion(client, request)).toMatchObject({ alreadyRunning: true, runId });
    const error = await refusal(startConversion(client, { ...request, dtype: 'float32' }));
    expect(error.message).toContain('with other options for the same checkpoint /data/iter_0000100');
    await client.workflow.getHandle(workflowId).terminate();
  });

  it('refuses another source for the target, and names both', async () => {
    const first = await startConversion(client, makeRequest('contested'));
    const error = await refusal(
      startConversion(client, makeRequest('contested', { megatron_path: '/data/iter_0000200' })),
    );
    expect(error.type).toBe('TargetOwned');
    for (const part of ['/data/iter_0000100', '/data/iter_0000200', first.workflowId, first.runId]) {
      expect(error.message).toContain(part);
    }
    const other = await refusal(startConversion(client, makeRequest('contested', { dtype: 'float32' })));
    expect(other.message).toContain('with other options');
    await first.handle.terminate();
  });
});

it('starts anew when the run before is over', async () => {
  const first = await startConversion(client, makeRequest('again'));
  await first.handle.terminate();
  const second = await startConversion(client, makeRequest('again'));
  expect(second.alreadyRunning).toBe(false);
  expect(second.runId).not.toBe(first.runId);
  await second.handle.terminate();
});

it('describes a run that no worker serves', async () => {
  const { handle, runId } = await startConversion(client, makeRequest('unserved'));
  expect(await describeProgress(handle)).toMatchObject({
    runId,
    state: 'RUNNING',
    closed: null,
    status: null,
    activity: null,
  });
  await handle.terminate();
  expect(await describeProgress(handle)).toMatchObject({ state: 'TERMINATED', closed: expect.any(Date) });
});

it('refuses a bad request without a server, with every problem', async () => {
  const error = await refusal(startConversion(client, { ...makeRequest('bad'), hf_path: 'relative', tp: 0 }));
  expect(error).toMatchObject({ type: 'InvalidInput' });
  expect(error.problems).toHaveLength(2);
});

it('derives readable ids that differ with the folder', () => {
  expect(workflowIdOf('/models/My Llama!')).toMatch(/^megatron-to-hf-My-Llama--[0-9a-f]{12}$/);
  expect(workflowIdOf('/a/x')).not.toBe(workflowIdOf('/b/x'));
  expect(workflowIdOf('/a/x/')).toBe(workflowIdOf('/a/x'));
});

describe('cancelling', () => {
  it('ends a wait at once, also a paused one', async () => {
    const waiting = await startWorkers(server.address, {
      activities: makeActivities({ checkCompleteness: () => Promise.reject(new Error('not yet')) }),
      roles: ['preflight'],
    });
    for (const paused of [false, true]) {
      const request = makeRequest(`waiting-${paused}`, { wait: { initial_interval: '1h', max_interval: '1h' } });
      const { handle } = await startConversion(client, request);
      await waitFor('a first failure', async () => (await describeProgress(handle)).activity?.lastFailure);
      if (paused) {
        await pauseActivity(handle, 'checkCompleteness');
        await waitFor('the pause', async () => (await describeProgress(handle)).activity?.state === 'paused');
      }
      await cancelConversion(handle);
      const report = explainFailure(await handle.result().catch((error: unknown) => error));
      expect(report.type).toBe('Cancelled');
    }
    await waiting.stop();
  });

  it('reaches the activity, waits for it, and ends as cancelled', async () => {
    let ended = false;
    workers = await startWorkers(server.address, {
      activities: makeActivities({
        convert: async () => {
          const { Context } = await import('@temporalio/activity');
          const context = Context.current();
          const beat = setInterval(() => context.heartbeat(), 200);
          try {
            return await context.cancelled;
          } finally {
            clearInterval(beat);
            await new Promise((resolve) => setTimeout(resolve, 1500));
            ended = true;
          }
        },
      }),
    });
    const { handle } = await startConversion(client, makeRequest('cancelled'));
    await waitFor('the conversion', async () => (await handle.query(statusQuery)).phase === 'convert');
    await cancelConversion(handle);
    const report = explainFailure(await handle.result().catch((error: unknown) => error));
    expect(report.type).toBe('Cancelled');
    expect(ended).toBe(true);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });
});
