// Workers for the three task queues, in one process or on machines of their own.
import { hostname } from 'node:os';

import { Worker, type WorkerOptions } from '@temporalio/worker';

import { createActivities } from '../activities/index.ts';
import type { ConversionActivities } from '../activities/types.ts';
import type { ConnectOptions } from '../client/connect.ts';
import { loadWorkerConfig, type WorkerConfig } from '../config/worker-policy.ts';
import { connectWorker, type WorkerConnection } from './connect-worker.ts';
import { findWorkflowCode } from './workflow-code.ts';

export const WORKER_ROLES = ['preflight', 'convert', 'smoke'] as const;
/** `preflight` also runs the workflow and the quick activities; `convert` the ranks; `smoke` the generations. */
export type WorkerRole = (typeof WORKER_ROLES)[number];

export interface WorkersOptions extends ConnectOptions {
  /** What this process serves. @default all three */
  readonly roles?: readonly WorkerRole[];
  /** Path of `worker.yaml`; default see `loadWorkerConfig`. */
  readonly configPath?: string;
  /** The configuration itself, instead of a file. */
  readonly config?: WorkerConfig;
  /** A connection of your own; it is not closed. */
  readonly connection?: WorkerConnection;
  /** Replaces the activities: for tests of the workflow. */
  readonly activities?: ConversionActivities;
  /** Workflow code already bundled; default the package's own. */
  readonly workflowCode?: Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>;
}

export interface Workers {
  readonly workers: readonly Worker[];
  readonly config: WorkerConfig;
  /** Serves until `shutdown`, a signal or a fatal error of one of them; then waits for all, and closes the connection. */
  readonly run: () => Promise<void>;
  /** Cancels what runs: conversions end their ranks, and another worker continues with the files that are finished. */
  readonly shutdown: () => void;
}

// Ranks get 30 s from torchrun and as long again from the launcher before they are killed; this must be longer than both.
const SHUTDOWN_FORCE = '120 seconds';
// A quick activity may finish; a conversion of hours is cancelled at once, since its successor loses nothing.
const SHUTDOWN_GRACE = { preflight: '5 seconds', convert: 0, smoke: 0 } as const;
// The server's answer to a heartbeat carries cancel and pause: this is how long they take to arrive, and how old progress may be.
const HEARTBEAT_INTERVAL = '5 seconds';

/**
 * Connects and registers the workers; nothing is served before `run`. A process that calls this itself handles its own signals: keep a
 * listener for SIGTERM and SIGINT that calls `shutdown`, as `runWorker` does.
 *
 * @throws ConversionError InvalidInput for a bad configuration; TransportError when the server cannot be reached
 */
export async function createWorkers(options: WorkersOptions = {}): Promise<Workers> {
  const config = options.config ?? (await loadWorkerConfig(options.configPath));
  const link = options.connection ?? (await connectWorker(options));
  const close = async (): Promise<void> => {
    if (options.connection === undefined) await link.connection.close();
  };
  const activities = options.activities ?? createActivities({ policy: config.policy });
  const workers: Worker[] = [];
  try {
    for (const role of options.roles ?? WORKER_ROLES) {
      workers.push(
        await Worker.create({
          ...link,
          ...(role === 'preflight' ? (options.workflowCode ?? findWorkflowCode()) : {}),
          taskQueue: config.worker.queues[role],
          activities: pick(activities, role),
          identity: `${process.pid}@${hostname()} ${role}`,
          maxConcurrentActivityTaskExecutions: config.worker.concurrency[role],
          maxHeartbeatThrottleInterval: HEARTBEAT_INTERVAL,
          defaultHeartbeatThrottleInterval: HEARTBEAT_INTERVAL,
          shutdownGraceTime: SHUTDOWN_GRACE[role],
          shutdownForceTime: SHUTDOWN_FORCE,
        }),
      );
    }
  } catch (error) {
    // What is wrong is `error`. Workers that were made already hold the connection: then it closes with the process.
    await close().catch(() => undefined);
    throw error;
  }
  return {
    workers,
    config,
    async run() {
      try {
        await runAll(workers);
      } finally {
        await close();
      }
    },
    shutdown: () => shutdownAll(workers),
  };
}

function pick(all: ConversionActivities, role: WorkerRole): object {
  const { convert, endJob, smokeGenerate, ...quick } = all;
  return { preflight: quick, convert: { convert, endJob }, smoke: { smokeGenerate } }[role];
}

/** All end together: a process that serves only half of its queues would look healthy and not be. */
async function runAll(workers: readonly Worker[]): Promise<void> {
  const runs = workers.map((worker) =>
    worker.run().finally(() => {
      shutdownAll(workers);
    }),
  );
  const outcomes = await Promise.allSettled(runs);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function shutdownAll(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}
