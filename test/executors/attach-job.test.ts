// Which job an attempt works with: what `job.json` in staging says, after every way in which a worker can have left it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConversionError } from '../../src/contract/failures.ts';
import { attachJob, type AttachedJob } from '../../src/executors/attach-job.ts';
import { endRecordedJob } from '../../src/executors/end-job.ts';
import { forgetJob, type JobRecord, readJobRecord, writeJobRecord } from '../../src/executors/job-record.ts';
import type { Executor, Job, JobSpec } from '../../src/executors/types.ts';

const NAME = 'megatron-to-hf-0123456789abcdef';
let staging: string;
/** What the scheduler was asked to do, in order. */
let asked: string[];
let live: Job[];

beforeEach(async () => {
  staging = await mkdtemp(join(tmpdir(), 'attach-'));
  asked = [];
  live = [];
});
afterEach(() => rm(staging, { recursive: true, force: true }));

/** A scheduler of jobs in memory. */
const executor: Executor = {
  find: async (name) => live.find((job) => job.name === name) ?? null,
  async submit(spec) {
    asked.push(`submit ${spec.folder.split('/').at(-1)}, record ${JSON.stringify((await readJobRecord(staging))?.id)}`);
    const job = { id: String(100 + asked.length), name: spec.name };
    live.push(job);
    return job;
  },
  async poll() {
    return { state: 'done' };
  },
  async cancel(job) {
    asked.push(`cancel ${job.id}, ending ${(await readJobRecord(staging))?.ending}`);
    live = live.filter(({ id }) => id !== job.id);
  },
  tail: async () => [],
};

function attach(more: Partial<Executor> = {}): Promise<AttachedJob> {
  const spec: Omit<JobSpec, 'folder'> = {
    name: NAME,
    program: ['true'],
    nodes: 1,
    ranksPerNode: 1,
    distributed: false,
    environment: {},
  };
  const used = { ...executor, ...more };
  return attachJob({
    name: NAME,
    profile: 'p',
    kind: 'slurm',
    staging,
    signal: new AbortController().signal,
    patienceSeconds: 1,
    openAttempt: async () => 7,
    makeExecutor: () => used,
    endRecorded: () =>
      endRecordedJob(null, { staging, executor: used, profile: 'p', patienceSeconds: 1, report: () => undefined }),
    specFor: (_, folder) => ({ ...spec, folder }),
    report: () => undefined,
  });
}

const leave = (more: Partial<JobRecord>): Promise<void> =>
  writeJobRecord(staging, {
    name: NAME,
    profile: 'p',
    executor: 'slurm',
    attempt: 3,
    id: null,
    submitted: 0,
    ending: false,
    ...more,
  });

describe('attachJob', () => {
  it('leaves word of the submission before it, and of the id after it', async () => {
    await expect(attach()).resolves.toMatchObject({ attempt: 7, reattached: false, job: { id: '101' } });
    expect(asked).toEqual(['submit 7, record null']);
    expect(await readJobRecord(staging)).toMatchObject({ id: '101', attempt: 7, profile: 'p', executor: 'slurm' });
  });

  it('says what to do about a record that cannot be read', async () => {
    await writeFile(join(staging, 'job.json'), '');
    await expect(attach()).rejects.toThrow(/job\.json cannot be read as .* End the job megatron-to-hf-[0-9a-f]{16},/);
    expect(asked).toEqual([]);
  });

  it('goes on with the job whose id is recorded, whether it lives or not', async () => {
    await leave({ id: '55' });
    await expect(attach()).resolves.toMatchObject({ attempt: 3, reattached: true, job: { id: '55', name: NAME } });
    expect(asked).toEqual([]);
  });

  it('finds the job whose submission got no answer', async () => {
    await leave({});
    live = [{ id: '56', name: NAME }];
    await expect(attach()).resolves.toMatchObject({ attempt: 3, reattached: true, job: { id: '56' } });
    expect(asked).toEqual([]);
    expect((await readJobRecord(staging))?.id).toBe('56');
  });

  it('submits again, under the same number, where none arrived', async () => {
    await leave({});
    await expect(attach()).resolves.toMatchObject({ attempt: 3, job: { id: '101' } });
    expect(asked).toEqual(['submit 3, record null']);
  });

  it('ends what somebody had begun to end, and starts afresh', async () => {
    await leave({ id: '57', ending: true });
    live = [{ id: '57', name: NAME }];
    await expect(attach()).resolves.toMatchObject({ attempt: 7, reattached: false });
    expect(asked).toEqual(['cancel 57, ending true', 'submit 7, record null']);
  });

  it('ends a job that writes into a staging directory which is gone', async () => {
    live = [{ id: '58', name: NAME }];
    await expect(attach()).resolves.toMatchObject({ attempt: 7, reattached: false });
    expect(asked[0]).toMatch(/^cancel 58/);
  });

  it('asks a scheduler that does not answer again, for a while', async () => {
    let tries = 0;
    const find: Executor['find'] = async (name) => {
      if (tries++ === 0) throw new Error('connection refused');
      return executor.find(name, new AbortController().signal);
    };
    await expect(attach({ find })).resolves.toMatchObject({ attempt: 7, job: { id: '101' } });
    expect(tries).toBe(2);
    await rm(join(staging, 'job.json'));
    await expect(attach({ find: () => Promise.reject(new Error('connection refused')) })).rejects.toMatchObject({
      type: 'SchedulerFailed',
    });
  });

  it('looks for no job after a refusal, and for one after silence', async () => {
    const refused = new ConversionError('SchedulerFailed', 'no such partition', { facts: { final: true } });
    await expect(attach({ submit: () => Promise.reject(refused) })).rejects.toBe(refused);
    expect(await readJobRecord(staging)).toBeNull();
    await expect(attach({ submit: () => Promise.reject(new Error('timed out')) })).rejects.toMatchObject({
      type: 'SchedulerFailed',
      message: expect.stringContaining(`could not submit job ${NAME}: timed out`),
    });
    expect(await readJobRecord(staging)).toMatchObject({ id: null, attempt: 7 });
  });
});

describe('an attempt that learns late how its job ended', () => {
  it('leaves the record and the job of the attempt after it alone', async () => {
    await leave({ id: '61', attempt: 4 });
    live = [
      { id: '60', name: NAME },
      { id: '61', name: NAME },
    ];
    await forgetJob(staging, '60');
    const request = { staging, executor, profile: 'p', patienceSeconds: 1, report: () => undefined };
    await endRecordedJob({ id: '60', name: NAME }, request);
    expect(live).toEqual([{ id: '61', name: NAME }]);
    expect(await readJobRecord(staging)).toMatchObject({ id: '61', attempt: 4, ending: false });
    await endRecordedJob({ id: '61', name: NAME }, request);
    expect(live).toEqual([]);
    expect(await readJobRecord(staging)).toBeNull();
  });
});

describe('endRecordedJob', () => {
  it('asks a scheduler that does not answer again, and keeps the record where it gives up', async () => {
    await leave({ id: '59' });
    let tries = 0;
    const deaf = async (): Promise<void> => {
      tries++;
      throw new Error('connection refused');
    };
    const request = { staging, profile: 'p', patienceSeconds: 1, report: () => undefined };
    await expect(endRecordedJob(null, { ...request, executor: { ...executor, cancel: deaf } })).rejects.toMatchObject({
      type: 'SchedulerFailed',
    });
    expect(tries).toBe(2);
    expect(await readJobRecord(staging)).toMatchObject({ id: '59', ending: true });
    await endRecordedJob(null, { ...request, executor });
    expect(await readJobRecord(staging)).toBeNull();
  });
});
