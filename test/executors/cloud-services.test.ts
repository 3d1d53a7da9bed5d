// What every cloud service must keep: one job for a name, whatever becomes of the answers. On stand-ins that run the job's command.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConversionError } from '../../src/contract/failures.ts';
import { makeDgxCloudExecutor } from '../../src/executors/dgxcloud/executor.ts';
import { makeLeptonExecutor } from '../../src/executors/lepton/executor.ts';
import type { Executor } from '../../src/executors/types.ts';
import { dgxCloudProfile, failureOf, leptonProfile, shellJob, waitFor } from '../support/cloud-profiles.ts';
import { startDgxCloud } from '../support/dgxcloud-stand-in.ts';
import { startLepton } from '../support/lepton-stand-in.ts';

const UNLISTED_MS = 1500;
const { signal } = new AbortController();

const SERVICES = {
  lepton: {
    start: async (options: { unlistedMs?: number }) => {
      const { jobs, faults, environment, close } = await startLepton(options);
      const list = () => jobs.map(({ id, state, nodes }) => ({ id, state, living: nodes?.living() }));
      return {
        list,
        faults,
        close,
        connect: (folder: string) => makeLeptonExecutor(leptonProfile(), folder, environment),
      };
    },
    submitting: 'POST /jobs',
    polling: 'GET /jobs/',
    noAnswer: /Lepton gave no answer when asked to submit the job/,
    failed: 'Lepton says Failed, 1 of its nodes failed',
  },
  dgxcloud: {
    start: async (options: { unlistedMs?: number }) => {
      const { workloads, faults, environment, close } = await startDgxCloud(options);
      const list = () =>
        workloads.map(({ id, phase, nodes }) => ({ id: `trainings/${id}`, state: phase, living: nodes?.living() }));
      return {
        list,
        faults,
        close,
        connect: (folder: string) => makeDgxCloudExecutor(dgxCloudProfile(), folder, environment),
      };
    },
    submitting: 'POST /api/v1/workloads',
    polling: 'GET /api/v1/workloads/trainings',
    noAnswer: /DGX Cloud gave no answer when asked to submit the workload/,
    failed: 'Run:ai says Failed',
  },
} as const;

describe.each(Object.entries(SERVICES))('%s', (_, service) => {
  let folder: string;
  let cloud: Awaited<ReturnType<typeof service.start>>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'm2hf cloud-'));
  });
  afterEach(async () => {
    await cloud.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(options: { unlistedMs?: number } = {}): Promise<Executor> {
    cloud = await service.start(options);
    return cloud.connect(folder);
  }

  it('fails with the code and the last lines of its node', async () => {
    const executor = await open();
    const job = await executor.submit(shellJob(folder, 'for i in 1 2 3; do echo line $i; done; exit 3'), signal);
    const end = await waitFor(() => executor.poll(job, signal), ['done', 'failed']);
    expect(end).toEqual({ state: 'failed', end: 'exit', detail: service.failed, exitCode: 3 });
    expect(await executor.tail(job, 2)).toEqual(['line 2', 'line 3']);
  });

  it('submitted to twice before the first is listed, does the work once; both end alike, and a cancel ends both', async () => {
    const executor = await open({ unlistedMs: UNLISTED_MS });
    const work = 'echo working >> "$0"; sleep 1.5; exit 7';
    const spec = shellJob(folder, work, { program: ['/bin/sh', '-c', work, join(folder, 'count')] });
    const jobs = [await executor.submit(spec, signal), await executor.submit(spec, signal)];
    expect(cloud.list()).toHaveLength(2);
    for (const job of jobs) {
      const end = await waitFor(() => executor.poll(job, signal), ['done', 'failed']);
      expect(end).toMatchObject({ state: 'failed', end: 'exit', exitCode: 7 });
    }
    expect(await readFile(join(folder, 'count'), 'utf8')).toBe('working\n');

    const next = join(folder, 'next');
    await mkdir(next);
    const long = shellJob(next, 'sleep 60');
    const first = await executor.submit(long, signal);
    await executor.submit(long, signal);
    await sleep(UNLISTED_MS + 100);
    await executor.cancel(first);
    const ended = cloud.list().slice(2);
    expect(ended).toHaveLength(2);
    // The one that waited may have ended alike before it was stopped.
    for (const { state, living } of ended) {
      expect(state).toMatch(/Stopped|Failed/);
      expect(living).toEqual([]);
    }
  });

  it('finds the job that lives under the name, and no other', async () => {
    const executor = await open();
    const spec = shellJob(folder, 'sleep 30');
    const job = await executor.submit(spec, signal);
    expect(await executor.submit(spec, signal)).toEqual(job);
    expect(await cloud.connect(folder).submit(spec, signal)).toEqual(job);
    expect(cloud.list()).toHaveLength(1);
    expect(await executor.find('megatron-to-hf-0123456789abcde', signal)).toBeNull();
  });

  it('submitted to again where the first answer was lost, has one job', async () => {
    const executor = await open();
    const spec = shellJob(folder, 'sleep 30');
    cloud.faults.push({ on: service.submitting, how: 'dropped' });
    const error = await failureOf(executor.submit(spec, signal));
    expect(error).not.toBeInstanceOf(ConversionError);
    expect(String(error)).toMatch(service.noAnswer);
    const job = await executor.submit(spec, signal);
    expect(cloud.list().map(({ id }) => id)).toEqual([job.id]);
  });

  it('in trouble is asked again: 500, 429, and a connection that breaks, are no verdict', async () => {
    const executor = await open();
    const job = await executor.submit(shellJob(folder, 'sleep 30'), signal);
    for (const how of [500, 503, 429, 'lost'] as const) {
      cloud.faults.push({ on: service.polling, how });
      const error = await failureOf(executor.poll(job, signal));
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(ConversionError);
    }
    expect(await waitFor(() => executor.poll(job, signal), ['running'])).toMatchObject({ state: 'running' });
  });
});
