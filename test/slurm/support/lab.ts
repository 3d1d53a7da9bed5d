// A Temporal server, a worker with Slurm profiles and a folder for targets: what the tests of jobs share in one file.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { type ConversionHandle, startConversion } from '../../../src/client.ts';
import { loadWorkerConfig } from '../../../src/config/worker-policy.ts';
import { type ConversionRequest, Progress } from '../../../src/contract/index.ts';
import { nameJob } from '../../../src/executors/job-name.ts';
import { readJobRecord } from '../../../src/executors/job-record.ts';
import {
  findStaging,
  makeWorkspace,
  type TestCheckpoint,
  trainedCheckpoint,
} from '../../support/temporal-checkpoints.ts';
import { waitFor } from '../../support/temporal-operate.ts';
import { startTemporalServer } from '../../support/temporal-server.ts';
import { startWorkerProcess, type WorkerProcess } from '../../support/temporal-worker-process.ts';
import { silenceTemporal, startWorkers } from '../../support/temporal-workers.ts';
import { callSlurm } from './call-slurm.ts';

const KILLABLE = fileURLToPath(new URL('worker-main.ts', import.meta.url));

type Profiles = Readonly<Record<string, object>>;

export interface StartedRun {
  readonly handle: ConversionHandle;
  readonly target: string;
}

export interface Lab {
  readonly folder: string;
  readonly checkpoint: TestCheckpoint;
  /** Starts a run whose ranks are a job of that profile. The target's name is the run's. */
  readonly start: (name: string, profile: string, more?: Partial<ConversionRequest>) => Promise<StartedRun>;
  /** A worker process that serves only the conversions of the queue of that name, with these profiles instead of the shared ones. */
  readonly startWorker: (queue: string, profiles: Profiles) => Promise<WorkerProcess>;
  readonly stop: () => Promise<void>;
}

/** @param profiles - of the shared worker, which serves every queue that no test has for itself */
export async function startLab(profiles: Profiles): Promise<Lab> {
  silenceTemporal();
  const workspace = await makeWorkspace();
  const [server, checkpoint] = await Promise.all([startTemporalServer(), trainedCheckpoint()]);
  const configFile = async (name: string, content: object): Promise<string> => {
    const path = join(workspace.path, `${name}.yaml`);
    await writeFile(path, stringify({ concurrency: { convert: 20 }, ...content }, { aliasDuplicateObjects: false }));
    return path;
  };
  const config = await loadWorkerConfig(await configFile('shared', { profiles }));
  const workers = await startWorkers(server.address, { config });
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection });
  return {
    folder: workspace.path,
    checkpoint,
    async start(name, profile, more = {}) {
      const target = join(workspace.path, name);
      const { handle } = await startConversion(client, {
        ...checkpoint,
        hf_path: target,
        profile,
        max_shard_size: '1MB',
        smoke: { enabled: false },
        retry: { heartbeat: '8s' },
        ...more,
      });
      return { handle, target };
    },
    async startWorker(queue, own) {
      const file = await configFile(`worker-${queue}-${Date.now()}`, { queues: { convert: queue }, profiles: own });
      return startWorkerProcess(server.address, {
        main: KILLABLE,
        environment: { MEGATRON_TO_HF_WORKER_CONFIG: file },
      });
    },
    async stop() {
      await workers.stop();
      await connection.close();
      await server.stop();
      await workspace.remove();
    },
  };
}

/** The staging directory of a run, once it is there. */
export function stagingOf(target: string): Promise<string> {
  return waitFor(`the staging directory of ${target}`, () => findStaging(target));
}

/** Id of the job that works on the target, once the worker knows it. */
export async function jobOf(target: string): Promise<string> {
  const staging = await stagingOf(target);
  return waitFor(`the job of ${target}`, async () => (await readJobRecord(staging))?.id ?? null);
}

/** Ids of all jobs that were ever submitted for a staging directory, as the controller remembers them. */
export async function jobsEver(conf: string, staging: string): Promise<string[]> {
  const jobs = (await callSlurm(conf, 'scontrol', '--oneliner', 'show', 'job')).split('\n');
  const named = jobs.filter((line) => line.includes(` JobName=${nameJob(staging)} `));
  return named.flatMap((line) => /JobId=(\d+)/.exec(line)?.[1] ?? []);
}

/** State of a job: `RUNNING`, `PENDING`, ...; null where the controller does not know it. */
export async function stateOf(conf: string, id: string): Promise<string | null> {
  const line = await callSlurm(conf, 'scontrol', '--oneliner', 'show', 'job', id).catch(() => '');
  return /JobState=(\S+)/.exec(line)?.[1] ?? null;
}

export function isRunning(conf: string, id: string): Promise<true> {
  return waitFor(`job ${id} to run`, async () => (await stateOf(conf, id)) === 'RUNNING' || null);
}

/** The newest progress message of the run's activity, as the UI shows it. */
export async function progressOf(handle: ConversionHandle): Promise<string> {
  const [activity] = (await handle.describe()).raw.pendingActivities ?? [];
  const [payload] = activity?.heartbeatDetails?.payloads ?? [];
  if (payload?.data == null || payload.data.length === 0) return '';
  return Progress.safeParse(JSON.parse(Buffer.from(payload.data).toString('utf8'))).data?.message ?? '';
}
