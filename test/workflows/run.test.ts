// The workflow on a real server, with activities that answer at once: order, result, status, details, failures.
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '@temporalio/client';

import { connect, explainFailure, startConversion } from '../../src/client.ts';
import { ConversionResult, ConversionStatus, WORKFLOW_TYPE } from '../../src/contract/index.ts';
import { makeActivities, makeRequest } from '../support/temporal-activities.ts';
import { startTemporalServer, type TemporalServer } from '../support/temporal-server.ts';
import { bundleOnce, silenceTemporal, startWorkers, type TestWorkers } from '../support/temporal-workers.ts';

let server: TemporalServer;
let workers: TestWorkers;
let client: Client;
const called: string[] = [];

beforeAll(async () => {
  silenceTemporal();
  server = await startTemporalServer();
  client = await connect({ address: server.address });
  const sound = makeActivities();
  workers = await startWorkers(server.address, {
    activities: makeActivities({
      validateParallelism: async (args) => {
        if (args.input.hf_path.includes('refused')) {
          throw ApplicationFailure.create({
            type: 'LayoutInvalid',
            nonRetryable: true,
            message: 'two problems',
            details: [{ world: 3 }, ['tp must divide heads', 'pp must divide layers']],
          });
        }
        if (args.input.hf_path.includes('flaky')) throw new Error('EIO: the disk hiccuped');
        return sound.validateParallelism(args);
      },
      smokeGenerate: async (args) => {
        called.push('smokeGenerate');
        return sound.smokeGenerate(args);
      },
    }),
  });
});

afterAll(async () => {
  await workers?.stop();
  await client?.connection.close();
  await server?.stop();
});

describe('a sound run', () => {
  it('gives a ConversionResult, answers the status query and describes itself in the UI', async () => {
    const { handle, workflowId } = await startConversion(client, makeRequest('sound'));
    const result = ConversionResult.parse(await handle.result());
    expect(workflowId).toMatch(/^megatron-to-hf-sound-[0-9a-f]{12}$/);
    expect(result).toMatchObject({ validation: 'VALIDATED', tensors: 39, files_reused: 1, hf_path: '/data/out/sound' });
    expect(result.warnings).toEqual(['all shards are younger than .metadata']);

    const status = ConversionStatus.parse(await handle.query('status'));
    expect(status.phase).toBe('done');
    expect(status.phases.map((row) => row.state)).toEqual(Array.from({ length: 6 }, () => 'done'));

    const details = JSON.stringify(await handle.query('__temporal_workflow_metadata'));
    expect(details).toContain('| convert | done |');
    expect(details).toContain('God created');
    expect(await (await handle.describe()).staticSummary()).toBe('/data/iter_0000100 → /data/out/sound');
  });

  it('puts each phase on its queue, with a summary', async () => {
    const { handle } = await startConversion(client, makeRequest('queues'));
    await handle.result();
    const { events } = await handle.fetchHistory();
    const scheduled = (events ?? []).flatMap((event) =>
      event.activityTaskScheduledEventAttributes == null
        ? []
        : {
            type: event.activityTaskScheduledEventAttributes.activityType?.name,
            queue: event.activityTaskScheduledEventAttributes.taskQueue?.name,
            summary: Buffer.from(event.userMetadata?.summary?.data ?? '').toString(),
          },
    );
    expect(scheduled.map(({ type, queue }) => [type, queue])).toEqual([
      ['checkCompleteness', 'megatron-to-hf'],
      ['validateParallelism', 'megatron-to-hf'],
      ['convert', 'megatron-to-hf-convert'],
      ['verify', 'megatron-to-hf'],
      ['smokeGenerate', 'megatron-to-hf-smoke'],
      ['publish', 'megatron-to-hf'],
    ]);
    expect(scheduled[0]?.summary).toBe('"wait up to 24h for /data/iter_0000100"');
    expect(scheduled.every(({ summary }) => summary.length > 10)).toBe(true);
  });

  it('says NOT VALIDATED and does not generate when the smoke generation is off', async () => {
    called.length = 0;
    const { handle } = await startConversion(client, makeRequest('untried', { smoke: { enabled: false } }));
    const result = await handle.result();
    expect(called).toEqual([]);
    expect(result.validation).toBe('NOT VALIDATED');
    expect(result.warnings.join('\n')).toContain('NOT VALIDATED');
    const status = ConversionStatus.parse(await handle.query('status'));
    expect(status.phases.find((row) => row.phase === 'smokeGenerate')).toMatchObject({ state: 'skipped' });
    expect(JSON.stringify(await handle.query('__temporal_workflow_metadata'))).toContain('**NOT VALIDATED**');
  });

  it('replays: the same history gives the same commands', async () => {
    const { handle, workflowId } = await startConversion(client, makeRequest('replayed'));
    await handle.result();
    const workflowBundle = { code: await bundleOnce() };
    await Worker.runReplayHistory({ workflowBundle }, await handle.fetchHistory(), workflowId);
  });

  it('keeps summaries of very long paths under the limit of the server', async () => {
    const deep = `/${'directory-with-a-long-name/'.repeat(12)}iter_0000100`;
    const { handle } = await startConversion(client, makeRequest('deep', { megatron_path: deep }));
    expect((await handle.result()).megatron_path).toBe(deep);
  });
});

describe('a refused run', () => {
  it('fails at once with every problem of a request that does not fit', async () => {
    const handle = await client.workflow.start(WORKFLOW_TYPE, {
      workflowId: 'bad-request',
      taskQueue: 'megatron-to-hf',
      args: [{ megatron_path: 'relative', hf_path: '/out', tp: 0, treads: 4 }],
    });
    const report = explainFailure(await handle.result().catch((error: unknown) => error));
    expect(report.type).toBe('InvalidInput');
    expect(report.problems).toHaveLength(4);
    expect(report.message).toContain('hf_model_id');
    expect(report.message).toContain('treads');
  });

  it('carries type, facts and problems of the domain to the top of the failure', async () => {
    const { handle } = await startConversion(client, makeRequest('refused'));
    const report = explainFailure(await handle.result().catch((error: unknown) => error));
    expect(report).toMatchObject({
      type: 'LayoutInvalid',
      facts: { world: 3 },
      problems: ['tp must divide heads', 'pp must divide layers'],
    });
    expect(report.message).toMatch(/^validateParallelism: two problems\n/);
    const status = ConversionStatus.parse(await handle.query('status'));
    expect(status.phase).toBe('failed');
  });

  it('names an error that nobody foresaw UnexpectedFailure, after the attempts', { timeout: 60_000 }, async () => {
    const { handle } = await startConversion(client, makeRequest('flaky'));
    const report = explainFailure(await handle.result().catch((error: unknown) => error));
    expect(report.type).toBe('UnexpectedFailure');
    expect(report.message).toContain('EIO: the disk hiccuped');
  });
});
