import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConversionError } from '../../src/contract/failures.ts';
import type { LeptonProfile } from '../../src/contract/profile-lepton.ts';
import { makeLeptonExecutor } from '../../src/executors/lepton/executor.ts';
import type { Executor } from '../../src/executors/types.ts';
import { leptonProfile, failureOf, shellJob, waitFor } from '../support/cloud-profiles.ts';
import { startLepton, type LeptonStandIn } from '../support/lepton-stand-in.ts';

const { signal } = new AbortController();
let root: string;
let folder: string;
let count = 0;
let lepton: LeptonStandIn;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'm2hf-lepton-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});
afterEach(async () => {
  await lepton.close();
});

type Setting = Parameters<typeof startLepton>[0] & { profile?: Partial<LeptonProfile> };

async function open({ profile = {}, ...options }: Setting = {}): Promise<Executor> {
  lepton = await startLepton(options);
  folder = join(root, String(count++));
  await mkdir(folder);
  return makeLeptonExecutor(leptonProfile(profile), folder, lepton.environment);
}

describe('a job on Lepton', () => {
  it('waits, runs and is done; its output lies in its folder', async () => {
    const executor = await open({ queueMs: 500 });
    const job = await executor.submit(shellJob(folder, 'echo hello; sleep 1; echo "bye $GREETING"'), signal);
    expect(job.id).toMatch(/^megatron-to-hf-0123456789abcdef-[0-9a-f]{4}$/);
    expect(await executor.poll(job, signal)).toEqual({ state: 'pending', detail: 'Lepton: Queueing' });
    expect(await waitFor(() => executor.poll(job, signal), ['running'])).toEqual({
      state: 'running',
      detail: 'Lepton: Running',
    });
    expect(await executor.find(job.name, signal)).toEqual(job);
    expect(await waitFor(() => executor.poll(job, signal), ['done', 'failed'])).toEqual({ state: 'done' });
    expect(await executor.find(job.name, signal)).toBeNull();
    expect(await executor.tail(job, 2)).toEqual(['hello', 'bye ']);
    expect(await executor.tail(job, 1)).toEqual(['bye ']);
    expect(lepton.jobs[0]?.nodes?.output(0)).toBe('hello\nbye \n');
  });

  it('runs the lines of `setup` first, and not the ranks where one of them fails', async () => {
    const executor = await open({ profile: { setup: ['export A=b', 'false'] } });
    const job = await executor.submit(shellJob(folder, 'echo ranks'), signal);
    expect(await waitFor(() => executor.poll(job, signal), ['done', 'failed'])).toMatchObject({ exitCode: 1 });
    expect(await executor.tail(job, 10)).toEqual([]);
  });

  it('says what to mount where the node does not see the folder, through the log of the service', async () => {
    const executor = await open();
    const job = await executor.submit(shellJob(join(folder, 'elsewhere'), 'echo ranks'), signal);
    const state = await waitFor(() => executor.poll(job, signal), ['done', 'failed']);
    expect(state).toMatchObject({ state: 'failed', end: 'exit', exitCode: null });
    expect(await executor.tail(job, 5)).toEqual([
      expect.stringMatching(/elsewhere is not there; mount the file system of the export at the path/),
    ]);
  });

  it('reads the log of the service while the job runs, without waiting for its end', async () => {
    const executor = await open();
    const job = await executor.submit(shellJob(folder, 'echo begun; sleep 30'), signal);
    await waitFor(() => executor.poll(job, signal), ['running']);
    const elsewhere = makeLeptonExecutor(leptonProfile(), join(folder, 'none'), lepton.environment);
    let lines: readonly string[] = [];
    while (lines.length === 0 || lines[0] === '') lines = await elsewhere.tail(job, 5);
    expect(lines).toEqual(['begun']);
  });
});

describe('secrets', () => {
  it('are variables of the job and of nothing else', async () => {
    const secret = 'hf_abcdefghij0123456789';
    const executor = await open({
      secrets: { 'team-key': 'sk-from-workspace' },
      profile: { env_from: { API_KEY: 'team-key' } },
    });
    const job = await executor.submit(
      shellJob(folder, 'test "$HF_TOKEN$API_KEY" = "hf_abcdefghij0123456789sk-from-workspace"', {
        environment: { HF_TOKEN: secret },
      }),
      signal,
    );
    expect(await waitFor(() => executor.poll(job, signal), ['done', 'failed'])).toEqual({ state: 'done' });
    const { spec } = lepton.jobs[0]?.request ?? {};
    expect(JSON.stringify(spec?.container)).not.toContain('abcdefghij0123456789"');
    for (const name of await readdir(folder)) expect(await readFile(join(folder, name), 'utf8')).not.toContain(secret);
  });

  it('are masked where a refusal repeats them, and the refusal is final', async () => {
    const executor = await open({ profile: { node_group: 'big' }, nodeGroups: { big: 'ng-1' } });
    const spec = shellJob(folder, 'true', { environment: { HF_TOKEN: 'hf_abcdefghij0123456789' }, name: 'Not-A-Name' });
    const error = await failureOf(executor.submit(spec, signal));
    expect(error).toMatchObject({ type: 'SchedulerFailed', facts: { status: 400, final: true } });
    expect(String(error)).toMatch(/Lepton refused to submit the job \(status 400/);
    expect(String(error)).not.toContain('abcdefghij');
    expect(lepton.jobs).toEqual([]);
  });

  it('must be there: every missing variable is named, without a call', async () => {
    lepton = await startLepton();
    expect(() => makeLeptonExecutor(leptonProfile(), root, {})).toThrow(
      /environment lacks LEPTON_WORKSPACE_ID and LEPTON_WORKSPACE_TOKEN/,
    );
    expect(lepton.requests).toEqual([]);
  });

  it('that are refused end the attempt at once, and are not shown', async () => {
    await open();
    const wrong = { ...lepton.environment, LEPTON_WORKSPACE_TOKEN: 'nvapi-wrong-token' };
    const error = await failureOf(makeLeptonExecutor(leptonProfile(), folder, wrong).find('megatron-to-hf-0', signal));
    expect(error).toBeInstanceOf(ConversionError);
    expect(error).toMatchObject({ type: 'SchedulerFailed', facts: { status: 401, final: true } });
    expect(String(error)).toMatch(/does not let this worker look for the job .*LEPTON_WORKSPACE_TOKEN/);
    expect(String(error)).not.toContain('nvapi-wrong-token');
  });
});

describe('submitting', () => {
  it('looks up the node group, and names those that there are', async () => {
    const executor = await open({ profile: { node_group: 'big' }, nodeGroups: { big: 'ng-1', small: 'ng-2' } });
    await executor.submit(shellJob(folder, 'true'), signal);
    expect(lepton.jobs[0]?.request.spec.affinity).toEqual({ allowed_dedicated_node_groups: ['ng-1'] });
    const other = makeLeptonExecutor(leptonProfile({ node_group: 'huge' }), folder, lepton.environment);
    const error = await failureOf(other.submit(shellJob(folder, 'true', { name: 'megatron-to-hf-1' }), signal));
    expect(error).toMatchObject({ type: 'SchedulerFailed', facts: { final: true } });
    expect(String(error)).toMatch(/no node group huge; it has big, small/);
  });

  it('posts what the profile says', async () => {
    const executor = await open({
      profile: {
        mounts: [{ path: '/team', from: 'node-nfs:lustre', mount_path: '/mnt/lustre', read_only: true }],
        shared_memory_size: 65_536,
        image_pull_secrets: ['ngc'],
        node_reservation: 'res-1',
        queue_priority: 'mid-4000',
        can_be_preempted: true,
        keep_finished: '2h',
      },
    });
    await executor.submit(shellJob(folder, 'true', { nodes: 2 }), signal);
    expect(lepton.jobs[0]?.request.spec).toMatchObject({
      mounts: [
        { path: '/team', from: 'node-nfs:lustre', mount_path: '/mnt/lustre', mount_options: { read_only: true } },
      ],
      shared_memory_size: 65_536,
      image_pull_secrets: ['ngc'],
      reservation_config: { reservation_id: 'res-1' },
      queue_config: { priority_class: 'mid-4000', can_be_preempted: true },
      ttl_seconds_after_finished: 7200,
      completions: 2,
      parallelism: 2,
      intra_job_communication: true,
      max_job_failure_retry: 0,
    });
  });
});

describe('a service in trouble', () => {
  it('ends a call with the reason of the signal', async () => {
    const executor = await open();
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    expect(await failureOf(executor.find('megatron-to-hf-0', controller.signal))).toEqual(new Error('enough'));
  });
});

describe('a job that is ended', () => {
  it('by us is gone when cancel returns, with every process', async () => {
    const executor = await open();
    const job = await executor.submit(shellJob(folder, 'echo begun; sleep 60 & sleep 60'), signal);
    await waitFor(() => executor.poll(job, signal), ['running']);
    lepton.faults.push({ on: 'GET /jobs/', how: 503 });
    await failureOf(executor.cancel(job));
    await executor.cancel(job);
    expect(lepton.jobs[0]?.state).toBe('Stopped');
    expect(lepton.jobs[0]?.nodes?.living()).toEqual([]);
    await executor.cancel(job);
    await executor.cancel({ id: 'megatron-to-hf-none-0000', name: 'megatron-to-hf-none' });
  });

  it('by somebody else is cancelled; one that is removed is lost or cancelled', async () => {
    const executor = await open();
    const job = await executor.submit(shellJob(folder, 'sleep 60'), signal);
    await waitFor(() => executor.poll(job, signal), ['running']);
    const [made] = lepton.jobs;
    if (made === undefined) throw new Error('no job was made');
    await lepton.stop(made);
    expect(await executor.poll(job, signal)).toMatchObject({ state: 'failed', end: 'cancelled' });
    made.state = 'Deleted';
    expect(await executor.poll(job, signal)).toMatchObject({ state: 'failed', end: 'cancelled' });
    lepton.jobs.splice(0);
    expect(await executor.poll(job, signal)).toMatchObject({ state: 'failed', end: 'lost' });
  });
});
