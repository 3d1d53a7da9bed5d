// The death of a worker while a cloud job runs: the job runs on, the next worker takes it up, and there is one job.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { connect, startConversion } from '../../src/client.ts';
import { printYaml } from '../../src/config/yaml-values.ts';
import { dgxCloudProfile, leptonProfile, waitingNode } from '../support/cloud-profiles.ts';
import { startDgxCloud, type DgxCloudStandIn } from '../support/dgxcloud-stand-in.ts';
import { startLepton, type LeptonStandIn } from '../support/lepton-stand-in.ts';
import { digestTensors, expectedOf } from '../support/rank-conversion.ts';
import { makeWorkspace, trainedCheckpoint } from '../support/temporal-checkpoints.ts';
import { resultOf, waitFor } from '../support/temporal-operate.ts';
import { startTemporalServer, type TemporalServer } from '../support/temporal-server.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/temporal-worker-process.ts';

let server: TemporalServer;
let client: Client;
let lepton: LeptonStandIn;
let cloud: DgxCloudStandIn;
let workspace: Awaited<ReturnType<typeof makeWorkspace>>;
const workers: WorkerProcess[] = [];

beforeAll(async () => {
  [server, lepton, cloud, workspace] = await Promise.all([
    startTemporalServer(),
    startLepton(),
    startDgxCloud(),
    makeWorkspace(),
  ]);
  client = await connect({ address: server.address });
  const node = waitingNode(join(workspace.path, 'go'));
  const profiles = {
    lepton_convert_model: leptonProfile({ node }),
    dgxcloud_convert_model: dgxCloudProfile({ node }),
  };
  const config = join(workspace.path, 'worker.yaml');
  await writeFile(config, printYaml({ profiles, concurrency: { convert: 2 } }));
  vi.stubEnv('MEGATRON_TO_HF_WORKER_CONFIG', config);
  for (const [name, value] of Object.entries({ ...lepton.environment, ...cloud.environment })) vi.stubEnv(name, value);
});

afterAll(async () => {
  for (const worker of workers) await worker.end('SIGKILL');
  await client?.connection.close();
  await lepton?.close();
  await cloud?.close();
  await server?.stop();
  await workspace?.remove();
  vi.unstubAllEnvs();
});

async function newWorker(): Promise<WorkerProcess> {
  const worker = await startWorkerProcess(server.address);
  workers.push(worker);
  return worker;
}

/** States and phases of all jobs that were made. */
const states = (): string[] => [...lepton.jobs.map(({ state }) => state), ...cloud.workloads.map(({ phase }) => phase)];

it('kill -9 while the jobs run: a new worker publishes what they wrote, and there is one job each', async () => {
  const checkpoint = await trainedCheckpoint();
  const first = await newWorker();
  const handles = [];
  for (const profile of ['lepton_convert_model', 'dgxcloud_convert_model']) {
    const { handle } = await startConversion(client, {
      ...checkpoint,
      hf_path: join(workspace.path, profile),
      profile,
      torchrun: { nproc_per_node: 1 },
      smoke: { enabled: false },
      wait: { initial_interval: '1s' },
      retry: { heartbeat: '6s' },
    });
    handles.push(handle);
  }
  await waitFor('both jobs', () => states().join(' ') === 'Running Running', 60_000);
  await first.end('SIGKILL');
  await writeFile(join(workspace.path, 'go'), '');
  await newWorker();
  for (const handle of handles) {
    const result = await resultOf(handle);
    expect(await digestTensors(result.hf_path)).toEqual((await expectedOf('llama-trained')).tensors);
  }
  // Every file can be finished a moment before the job is.
  await waitFor('the end of both jobs', () => !states().includes('Running'), 30_000);
  expect(states()).toEqual(['Completed', 'Completed']);
});
