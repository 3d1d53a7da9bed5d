import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeDgxCloudExecutor } from '../../src/executors/dgxcloud/executor.ts';
import type { Executor } from '../../src/executors/types.ts';
import { dgxCloudProfile, failureOf, shellJob, waitFor } from '../support/cloud-profiles.ts';
import { startDgxCloud, type DgxCloudStandIn } from '../support/dgxcloud-stand-in.ts';

const { signal } = new AbortController();
let root: string;
let folder: string;
let count = 0;
let cloud: DgxCloudStandIn;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'm2hf dgx-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});
afterEach(async () => {
  await cloud.close();
});

type Setting = Parameters<typeof startDgxCloud>[0] & { profile?: object };

async function open({ profile = {}, ...options }: Setting = {}): Promise<Executor> {
  cloud = await startDgxCloud(options);
  folder = join(root, String(count++));
  await mkdir(folder);
  return makeDgxCloudExecutor(dgxCloudProfile(profile), folder, cloud.environment);
}

const tokensAsked = (): number => cloud.requests.filter((line) => line === 'POST /api/v1/token').length;

describe('a workload on DGX Cloud', () => {
  it('waits, runs and is done; one token serves all calls', async () => {
    const executor = await open({ queueMs: 500 });
    const job = await executor.submit(shellJob(folder, 'echo hello; sleep 1; echo bye'), signal);
    expect(job.id).toMatch(/^trainings\/[0-9a-f-]{36}$/);
    expect(await executor.poll(job, signal)).toEqual({ state: 'pending', detail: 'Run:ai: Creating' });
    expect(await waitFor(() => executor.poll(job, signal), ['running'])).toEqual({
      state: 'running',
      detail: 'Run:ai: Running',
    });
    expect(await executor.find(job.name, signal)).toEqual(job);
    expect(await waitFor(() => executor.poll(job, signal), ['done', 'failed'])).toEqual({ state: 'done' });
    expect(await executor.find(job.name, signal)).toBeNull();
    expect(await executor.tail(job, 5)).toEqual(['hello', 'bye']);
    expect(tokensAsked()).toBe(1);
  });

  it('of several nodes is another resource, and each node has its log', async () => {
    const executor = await open({ profile: { nodes: 2 } });
    const job = await executor.submit(shellJob(folder, 'echo I am $HOSTNAME', { nodes: 2 }), signal);
    expect(job.id).toMatch(/^distributed\//);
    expect(await executor.find(job.name, signal)).toEqual(job);
    expect(await waitFor(() => executor.poll(job, signal), ['done', 'failed'])).toEqual({ state: 'done' });
    expect(await executor.tail(job, 10)).toEqual([
      'node 1:',
      'I am standin-worker-1',
      'node 0:',
      'I am standin-worker-0',
    ]);
    expect(cloud.workloads[0]?.request.spec).toMatchObject({
      distributedFramework: 'PyTorch',
      minReplicas: 2,
      maxReplicas: 2,
      numWorkers: 2,
    });
  });

  it('has what the profile says', async () => {
    const executor = await open({
      profile: {
        gpus_per_node: 8,
        pvcs: [{ name: 'storage', path: '/workspace', claimName: 'team-claim' }],
        custom_spec: { nodePools: ['h100'], priorityClass: 'high' },
      },
    });
    await executor.submit(shellJob(folder, 'true'), signal);
    expect(cloud.workloads[0]?.request).toMatchObject({
      useGivenNameAsPrefix: true,
      projectId: '17',
      spec: {
        backoffLimit: 0,
        compute: { gpuDevicesRequest: 8, largeShmRequest: true },
        storage: { pvc: [{ name: 'storage', path: '/workspace', claimName: 'team-claim', existingPvc: true }] },
        nodePools: ['h100'],
        priorityClass: 'high',
      },
    });
  });
});

describe('tokens and secrets', () => {
  it('renews a token that the control plane no longer takes, once', async () => {
    const executor = await open();
    const job = await executor.submit(shellJob(folder, 'sleep 30'), signal);
    cloud.expireTokens();
    expect(await waitFor(() => executor.poll(job, signal), ['running'])).toMatchObject({ state: 'running' });
    expect(tokensAsked()).toBe(2);
  });

  it('renews a token before it runs out, and asks anew where it does not say when that is', async () => {
    const short = await open({ tokenSeconds: 1 });
    const job = await short.submit(shellJob(folder, 'sleep 30'), signal);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const before = tokensAsked();
    await short.poll(job, signal);
    expect(tokensAsked()).toBe(before + 1);
    await cloud.close();
    const unsaid = await open({ tokenSeconds: null });
    await unsaid.find('megatron-to-hf-0', signal);
    await unsaid.find('megatron-to-hf-0', signal);
    expect(tokensAsked()).toBe(1);
  });

  it('end the attempt at once where they are refused, and are not shown', async () => {
    await open();
    const wrong = { ...cloud.environment, DGXCLOUD_CLIENT_SECRET: 'rs-wrong-secret' };
    const executor = makeDgxCloudExecutor(dgxCloudProfile(), folder, wrong);
    const error = await failureOf(executor.find('megatron-to-hf-0', signal));
    expect(error).toMatchObject({ type: 'SchedulerFailed', facts: { status: 401, final: true } });
    expect(String(error)).toMatch(/does not let this worker get a token .*DGXCLOUD_CLIENT_SECRET of the worker/);
    expect(String(error)).not.toContain('rs-wrong-secret');
  });

  it('must be there: everything that is missing is named, without a call', async () => {
    await open();
    expect(() => makeDgxCloudExecutor(dgxCloudProfile({ client_secret_env: 'MY_SECRET' }), folder, {})).toThrow(
      /lacks base_url \(or DGXCLOUD_BASE_URL\), client_id \(or DGXCLOUD_CLIENT_ID\), MY_SECRET/,
    );
    expect(cloud.requests).toEqual([]);
  });

  it('of the job are its variables and nothing else', async () => {
    const secret = 'hf_abcdefghij0123456789';
    const executor = await open({
      secrets: { 'team-keys:api': 'sk-1' },
      profile: { env_from: { API_KEY: 'team-keys:api' } },
    });
    const script = 'test "$HF_TOKEN$API_KEY" = "hf_abcdefghij""0123456789sk-1"';
    const job = await executor.submit(shellJob(folder, script, { environment: { HF_TOKEN: secret } }), signal);
    expect(await waitFor(() => executor.poll(job, signal), ['done', 'failed'])).toEqual({ state: 'done' });
    for (const name of await readdir(folder)) expect(await readFile(join(folder, name), 'utf8')).not.toContain(secret);
    const refused = shellJob(folder, script, { environment: { HF_TOKEN: secret }, name: 'Not-A-Name' });
    const error = await failureOf(executor.submit(refused, signal));
    expect(error).toMatchObject({ type: 'SchedulerFailed', facts: { status: 400, final: true } });
    expect(String(error)).not.toContain(secret);
  });
});

describe('submitting', () => {
  it('names the projects that there are', async () => {
    const executor = await open({ profile: { project_name: 'reserch' } });
    const error = await failureOf(executor.submit(shellJob(folder, 'true'), signal));
    expect(error).toMatchObject({ type: 'SchedulerFailed', facts: { final: true } });
    expect(String(error)).toMatch(/no project reserch; it sees research, production/);
  });
});

describe.each([false, true])('a workload that is ended (suspend is a GET: %s)', (suspendsByGet) => {
  it('by us is gone when cancel returns; by somebody else it is cancelled; one that is removed is lost', async () => {
    const executor = await open({ suspendsByGet });
    const job = await executor.submit(shellJob(folder, 'sleep 60 & sleep 60'), signal);
    await waitFor(() => executor.poll(job, signal), ['running']);
    await executor.cancel(job);
    expect(cloud.workloads[0]?.phase).toBe('Stopped');
    expect(cloud.workloads[0]?.nodes?.living()).toEqual([]);
    await executor.cancel(job);

    const second = await executor.submit(shellJob(folder, 'sleep 60'), signal);
    expect(second.id).not.toBe(job.id);
    const made = cloud.workloads[1];
    if (made === undefined) throw new Error('no workload was made');
    await waitFor(() => executor.poll(second, signal), ['running']);
    await cloud.suspend(made);
    expect(await executor.poll(second, signal)).toMatchObject({ state: 'failed', end: 'cancelled' });
    cloud.workloads.splice(0);
    await rm(join(folder, 'node-0.exit'), { force: true });
    expect(await executor.poll(second, signal)).toMatchObject({ state: 'failed', end: 'lost' });
    await executor.cancel(second);
  });
});
