// A server and a worker for tests of recoveries: the worker's Python for the smoke generation can be broken and repaired.
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Client, WorkflowHandle } from '@temporalio/client';
import { execa } from 'execa';

import { connect } from '../../src/client.ts';
import type { ConversionRequest } from '../../src/contract/index.ts';
import { loadWorkerConfig } from '../../src/worker.ts';
import { makeWorkspace, trainedCheckpoint, type TestCheckpoint } from './temporal-checkpoints.ts';
import { startTemporalServer } from './temporal-server.ts';
import { silenceTemporal, startWorkers } from './temporal-workers.ts';

export interface RecoveryWorld {
  readonly client: Client;
  readonly address: string;
  /** An empty directory of this test. */
  readonly path: string;
  readonly checkpoint: TestCheckpoint;
  readonly breakPython: () => Promise<void>;
  readonly repairPython: () => Promise<void>;
  /** A request for `<path>/<name>`, quick in everything that a test does not look at. */
  readonly request: (name: string, changes?: Partial<ConversionRequest>) => ConversionRequest;
  readonly stop: () => Promise<void>;
}

export async function startRecoveryWorld(): Promise<RecoveryWorld> {
  silenceTemporal();
  const workspace = await makeWorkspace();
  const { path } = workspace;
  const server = await startTemporalServer();
  const client = await connect({ address: server.address });
  const config = await loadWorkerConfig();
  const program = join(path, 'bin', 'python');
  const install = async (line: string): Promise<void> => {
    await mkdir(join(path, 'bin'), { recursive: true });
    await writeFile(`${program}.new`, `#!/bin/sh\n${line}\n`);
    await chmod(`${program}.new`, 0o755);
    await rename(`${program}.new`, program);
  };
  const repairPython = (): Promise<void> => install(`exec ${config.policy.python.join(' ')} "$@"`);
  await repairPython();
  const policy = { ...config.policy, python: [program] };
  const workers = await startWorkers(server.address, { config: { ...config, policy } });
  const checkpoint = await trainedCheckpoint();
  return {
    client,
    address: server.address,
    path,
    checkpoint,
    repairPython,
    breakPython: () => install('echo "no module named torch" >&2; exit 3'),
    request: (name, changes = {}) => ({
      ...checkpoint,
      hf_path: join(path, name),
      distributed: false,
      max_shard_size: '2MB',
      smoke: { enabled: false },
      ...changes,
      wait: { initial_interval: '1s', max_interval: '1s', ...changes.wait },
    }),
    async stop() {
      await workers.stop();
      await client.connection.close();
      await server.stop();
      await workspace.remove();
    },
  };
}

/** Activities that the history of a run scheduled, from an event on; with each the workflow task that did it. */
export async function scheduledActivities(
  handle: WorkflowHandle,
  after = 0,
): Promise<{ readonly phase: string; readonly task: number }[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (!scheduled || Number(event.eventId) <= after) return [];
    return [{ phase: scheduled.activityType?.name ?? '', task: Number(scheduled.workflowTaskCompletedEventId) }];
  });
}

/** The real `temporal` command line. */
export async function temporal(address: string, args: readonly string[]): Promise<string> {
  const program = new URL('../../.venv/bin/temporal', import.meta.url);
  return (await execa(program, [...args, '--address', address])).stdout;
}
