// Workers of this package against a test server, with activities that a test writes, or the real ones.
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';

import type { ConversionActivities } from '../../src/activities/types.ts';
import type { WorkerConfig } from '../../src/config/worker-policy.ts';
import { CONVERT_QUEUE, PREFLIGHT_QUEUE, SMOKE_QUEUE } from '../../src/contract/index.ts';
import { createWorkers, type WorkerRole } from '../../src/worker.ts';
import { WORKFLOWS_PATH } from '../../src/worker/workflow-code.ts';
import { READER_POLICY } from '../../src/cli/reader-surroundings.ts';

/** Expected failures are the subject of many tests: only the SDK's errors are printed. */
export function silenceTemporal(): void {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}

export const TEST_CONFIG: WorkerConfig = {
  file: 'test',
  policy: { ...READER_POLICY, torchrun: ['torchrun'], python: ['python3'] },
  worker: {
    queues: { preflight: PREFLIGHT_QUEUE, convert: CONVERT_QUEUE, smoke: SMOKE_QUEUE },
    concurrency: { preflight: 10, convert: 1, smoke: 1 },
  },
};

export interface TestWorkersOptions {
  readonly activities?: ConversionActivities;
  readonly roles?: readonly WorkerRole[];
  readonly config?: WorkerConfig;
  /** A workflow module of the test; default the package's. */
  readonly workflowsPath?: string;
}

export interface TestWorkers {
  /** Shuts down and waits for all activities. */
  readonly stop: () => Promise<void>;
}

const bundles = new Map<string, Promise<string>>();

/** Bundles a workflow module once a test file. */
export function bundleOnce(workflowsPath: string = WORKFLOWS_PATH): Promise<string> {
  const known = bundles.get(workflowsPath);
  if (known !== undefined) return known;
  const made = bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }).then(({ code }) => code);
  bundles.set(workflowsPath, made);
  return made;
}

export async function startWorkers(address: string, options: TestWorkersOptions = {}): Promise<TestWorkers> {
  const connection = await NativeConnection.connect({ address });
  const code = await bundleOnce(options.workflowsPath);
  const workers = await createWorkers({
    connection: { connection, namespace: 'default' },
    config: options.config ?? TEST_CONFIG,
    workflowCode: { workflowBundle: { code } },
    ...(options.activities === undefined ? {} : { activities: options.activities }),
    ...(options.roles === undefined ? {} : { roles: options.roles }),
  });
  const running = workers.run();
  return {
    async stop() {
      workers.shutdown();
      await running;
      await connection.close();
    },
  };
}
