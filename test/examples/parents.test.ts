// The two example parents, as processes of their own, with a real conversion as their child.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connect, type ConversionHandle, describeProgress, explainFailure } from '../../src/client.ts';
import type { ConversionRequest } from '../../src/contract/index.ts';
import type { megatronToHf } from '../../src/workflows/index.ts';
import { connectWorker, loadWorkerConfig } from '../../src/worker.ts';
import { makeWorkspace, trainedCheckpoint } from '../support/temporal-checkpoints.ts';
import { resultOf, waitFor } from '../support/temporal-operate.ts';
import { startTemporalServer, type TemporalServer } from '../support/temporal-server.ts';
import { silenceTemporal, startWorkers, type TestWorkers } from '../support/temporal-workers.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TYPESCRIPT = [process.execPath, join(ROOT, 'examples/typescript-parent/main.ts')];
const PYTHON = [join(ROOT, '.venv/bin/python'), join(ROOT, 'examples/python-parent/parent.py')];

let server: TemporalServer;
let client: Client;
let workers: TestWorkers;
let workspace: { path: string; remove: () => Promise<void> };

beforeAll(async () => {
  silenceTemporal();
  server = await startTemporalServer();
  client = await connect({ address: server.address });
  workers = await startWorkers(server.address, { config: await loadWorkerConfig() });
  workspace = await makeWorkspace();
});

afterAll(async () => {
  await workers?.stop();
  await client?.connection.close();
  await server?.stop();
  await workspace?.remove();
});

async function makeRequest(name: string, overrides: Partial<ConversionRequest> = {}): Promise<ConversionRequest> {
  await mkdir(join(workspace.path, name));
  return {
    ...(await trainedCheckpoint()),
    hf_path: join(workspace.path, name, 'model'),
    distributed: false,
    smoke: { enabled: false },
    ...overrides,
  };
}

async function runParent([program = '', ...args]: readonly string[], name: string, request: object): Promise<string> {
  const file = join(workspace.path, `${name}.json`);
  await writeFile(file, JSON.stringify(request));
  const leave = name.endsWith('leave') ? ['--leave'] : [];
  const { stdout } = await promisify(execFile)(program, [...args, file, ...leave], {
    env: { ...process.env, TEMPORAL_ADDRESS: server.address },
    timeout: 100_000,
  });
  return stdout.trim().split('\n').at(-1) ?? '';
}

describe.each([
  ['typescript', TYPESCRIPT],
  ['python', PYTHON],
] as const)('the %s parent', (language, command) => {
  it('starts the conversion as a child and gets its result', async () => {
    const request = await makeRequest(`${language}-wait`);
    const result: unknown = JSON.parse(await runParent(command, `${language}-wait`, request));
    expect(result).toMatchObject({ hf_path: request.hf_path, validation: 'NOT VALIDATED', family: 'llama' });
    expect(existsSync(join(request.hf_path, 'export_manifest.json'))).toBe(true);
  });

  it('leaves the conversion running with ABANDON', async () => {
    const request = await makeRequest(`${language}-leave`, {
      smoke: { enabled: false },
      wait: { initial_interval: '2s' },
    });
    const published = request.hf_path;
    const missing = join(workspace.path, `${language}-leave`, 'iter_0000200');
    const answer = await runParent(command, `${language}-leave`, { ...request, megatron_path: missing });
    const child = client.workflow.getHandle<typeof megatronToHf>(JSON.parse(answer) as string);
    const { parentExecution, status } = await child.describe();
    expect(parentExecution?.workflowId).toMatch(/^training-/);
    expect(status.name).toBe('RUNNING');
    await cp(request.megatron_path, missing, { recursive: true });
    expect((await resultOf(child)).hf_path).toBe(published);
  });
});

it('a Python parent may pass None for what it does not set', async () => {
  const request = { ...(await makeRequest('none')), tp: null, hf_revision: null, torchrun: { nproc_per_node: null } };
  expect(JSON.parse(await runParent(PYTHON, 'none', request))).toMatchObject({ hf_path: request.hf_path });
});

describe('when the parent ends first', () => {
  const TASK_QUEUE = 'training-test';
  const waiting = { wait: { appear: '1h', initial_interval: '1h', max_interval: '1h' } };

  async function withParent(
    workflow: string,
    use: (child: ConversionHandle) => Promise<void>,
    name: string,
  ): Promise<void> {
    const { connection, namespace } = await connectWorker({ address: server.address });
    const workflowsPath = join(ROOT, 'test/support/temporal-parents.ts');
    const worker = await Worker.create({ connection, namespace, taskQueue: TASK_QUEUE, workflowsPath });
    const request = await makeRequest(name, { ...waiting, megatron_path: join(workspace.path, name, 'iter_0000300') });
    await worker.runUntil(async () => {
      const workflowId = `training-${name}`;
      await client.workflow.start(workflow, { workflowId, taskQueue: TASK_QUEUE, args: [request] });
      const child = client.workflow.getHandle<typeof megatronToHf>(`${workflowId}/export`);
      await waitFor('the wait of the child', async () => (await describeProgress(child)).activity?.lastFailure);
      await use(child);
    });
    await connection.close();
  }

  it('cancelling the parent cancels the child', async () => {
    await withParent(
      'trainAndExport',
      async (child) => {
        const parent = client.workflow.getHandle('training-cancel');
        await parent.cancel();
        expect(explainFailure(await child.result().catch((error: unknown) => error)).type).toBe('Cancelled');
        expect(explainFailure(await parent.result().catch((error: unknown) => error)).type).toBe('Cancelled');
      },
      'cancel',
    );
  });

  it.each(['cancel', 'terminate'] as const)('an abandoned child survives the %s of its parent', async (end) => {
    await withParent(
      'trainOn',
      async (child) => {
        const parent = client.workflow.getHandle(`training-abandon-${end}`);
        await parent[end]();
        await expect(parent.result()).rejects.toThrow();
        await new Promise((resolve) => setTimeout(resolve, 1000));
        expect((await child.describe()).status.name).toBe('RUNNING');
        await child.terminate();
      },
      `abandon-${end}`,
    );
  });
});
