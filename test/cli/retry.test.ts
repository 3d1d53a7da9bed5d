// `retry`, and following a run that is reset: the real command line and server; the activities are those of tests of the workflow.
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import type { ConversionInput } from '../../src/contract/index.ts';
import { makeActivities } from '../support/temporal-activities.ts';
import { scheduledActivities, temporal } from '../support/recovery-world.ts';
import { startTemporalServer, type TemporalServer } from '../support/temporal-server.ts';
import { silenceTemporal, startWorkers, type TestWorkers } from '../support/temporal-workers.ts';
import { connect, workflowIdOf } from '../../src/client.ts';
import { jsonLines, runCli } from './run-cli.ts';

let server: TemporalServer;
let workers: TestWorkers;
let env: Record<string, string>;
/** What the activities were asked for, by target. */
const asked = new Map<string, ConversionInput[]>();
const held = new Map<string, () => void>();

beforeAll(async () => {
  silenceTemporal();
  server = await startTemporalServer();
  env = { TEMPORAL_ADDRESS: server.address };
  const sound = makeActivities();
  const activities = makeActivities({
    convert: async (args) => {
      asked.set(args.input.hf_path, [...(asked.get(args.input.hf_path) ?? []), args.input]);
      return sound.convert(args);
    },
    smokeGenerate: async (args) => {
      const { hf_path: target, smoke } = args.input;
      if (smoke.max_perplexity === 1) {
        throw ApplicationFailure.create({ type: 'SmokeFailed', nonRetryable: true, message: 'it babbles' });
      }
      if (target.endsWith('held')) await new Promise<void>((resolve) => held.set(target, resolve));
      return sound.smokeGenerate(args);
    },
  });
  workers = await startWorkers(server.address, { activities });
});

afterAll(async () => {
  for (const release of held.values()) release();
  await workers?.stop();
  await server?.stop();
});

const overrides = (name: string, more: readonly string[] = []) => [
  'megatron_path=/data/iter_0000100',
  'hf_model_id=/data/reference',
  `hf_path=/data/out/${name}`,
  ...more,
];

test('a failed run again: changed as asked, told what is reused, followed to its end', async () => {
  const failed = await runCli(['run', '--json', ...overrides('again', ['smoke.max_perplexity=1', 'dtype=float32'])], {
    env,
  });
  expect(failed.exitCode).toBe(1);
  const [started] = jsonLines(failed.stdout);
  const id = String(started?.['workflow_id']);
  expect(jsonLines(failed.stdout).at(-1)).toMatchObject({
    advice: expect.stringContaining(`megatron-to-hf retry ${id}`),
  });

  const wrong = await runCli(['retry', id, 'smoke.max_perplexty=40', 'tp=0'], { env });
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toMatch(/InvalidInput[\s\S]*smoke\.max_perplexity[\s\S]*tp \(command line\)/);

  const { stdout, exitCode } = await runCli(['retry', id, '--json', 'smoke.max_perplexity=40'], { env });
  expect(exitCode).toBe(0);
  const events = jsonLines(stdout);
  expect(events[0]).toMatchObject({
    event: 'retrying',
    workflow_id: id,
    earlier_run_id: started?.['run_id'],
    earlier_failure: 'SmokeFailed',
    from: 'start',
    notes: [expect.stringContaining('4 files (4.72 MB) are converted and are not written again')],
  });
  expect(events[1]).toMatchObject({ event: 'started', fresh: true });
  expect(events.at(-1)).toMatchObject({ event: 'result', validation: 'VALIDATED' });
  const [, second] = asked.get('/data/out/again') ?? [];
  expect(second).toMatchObject({
    dtype: 'float32',
    smoke: { max_perplexity: 40 },
    megatron_path: '/data/iter_0000100',
  });

  const published = await runCli(['retry', id], { env });
  expect(published).toMatchObject({ exitCode: 0, stdout: '/data/out/again' });
  expect(published.stderr).toContain('its export was published; nothing was started');

  const elsewhere = await runCli(['retry', id, '--json', 'hf_path=/data/out/elsewhere'], { env });
  const [retrying, moved] = jsonLines(elsewhere.stdout);
  expect(retrying).toMatchObject({ event: 'retrying', workflow_id: id });
  // The id of a run is that of its target: a request for the first one must not find this run in its way.
  expect(moved).toMatchObject({ event: 'started', workflow_id: workflowIdOf('/data/out/elsewhere') });
  expect(jsonLines(elsewhere.stdout).at(-1)).toMatchObject({ event: 'result', hf_path: '/data/out/elsewhere' });
});

test('from smoke alone, detached; then refused while it runs', async () => {
  const failed = await runCli(['run', '--json', ...overrides('smoke', ['smoke.max_perplexity=1'])], { env });
  const id = String(jsonLines(failed.stdout)[0]?.['workflow_id']);
  const { stdout, stderr, exitCode } = await runCli(['retry', id, '--from', 'smoke', '--detach'], { env });
  expect({ stdout, exitCode }).toEqual({ stdout: id, exitCode: 0 });
  expect(stderr).toMatch(
    /retrying from smoke run \S+ that ended in SmokeFailed\n {2}4 files \(4\.72 MB\) are converted/,
  );
  expect(asked.get('/data/out/smoke')).toHaveLength(1);

  const waiting = ['run', '--detach', ...overrides('running', ['task_queues.preflight=nobody-is-here'])];
  const running = (await runCli(waiting, { env })).stdout;
  const refused = await runCli(['retry', running], { env });
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain(`megatron-to-hf status ${running} --follow`);
  expect((await runCli(['retry', id, '--from', 'convert'], { env })).exitCode).toBe(2);
});

test('a run that is reset while it is followed goes on', async () => {
  const running = runCli(['run', '--json', ...overrides('held')], { env });
  let output = '';
  running.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await vi.waitFor(() => expect(held.has('/data/out/held')).toBe(true), { timeout: 30_000 });
  const id = String(jsonLines(output.split('\n')[0] ?? '')[0]?.['workflow_id']);
  const client = await connect({ address: server.address });
  const scheduled = await scheduledActivities(client.workflow.getHandle(id));
  await client.connection.close();
  const task = scheduled.find(({ phase }) => phase === 'smokeGenerate')?.task;
  const release = held.get('/data/out/held');
  held.clear();
  await temporal(server.address, ['workflow', 'reset', '-w', id, '--event-id', String(task), '--reason', 'once more']);
  await vi.waitFor(() => expect(output).toContain('"event":"reset"'), { timeout: 30_000 });
  // The activity of the run that was ended still has the one slot of the worker.
  release?.();
  await vi.waitFor(() => expect(held.has('/data/out/held')).toBe(true), { timeout: 30_000 });
  held.get('/data/out/held')?.();
  const { stdout, exitCode } = await running;
  expect(exitCode).toBe(0);
  const events = jsonLines(stdout);
  expect(events.filter(({ event }) => event === 'started')).toHaveLength(1);
  expect(
    events.filter(({ event, phase, state }) => event === 'phase' && phase === 'convert' && state === 'done'),
  ).toHaveLength(1);
  expect(events.at(-1)).toMatchObject({ event: 'result', hf_path: '/data/out/held' });
});
