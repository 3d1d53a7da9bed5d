// `dev`, `run`, `status` and `cancel` against the real server and worker that `dev` starts.
import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connect } from '../../src/client.ts';
import { makeFolder } from '../config/config-folder.ts';
import { findFreePorts } from '../support/temporal-server.ts';
import { findDescendants, stillAlive } from './processes.ts';
import { FIXTURE, ITERATION, ITERATION_NAME, jsonLines, runCli } from './run-cli.ts';

const COMMON = [
  `hf_model_id=${FIXTURE}/reference`,
  'smoke.enabled=false',
  'distributed=false',
  'wait.initial_interval=1s',
];

let dev: ReturnType<typeof runCli>;
let env: { TEMPORAL_ADDRESS: string; TEMPORAL_UI_URL: string };
let devOutput = '';

beforeAll(async () => {
  const [port, uiPort] = await findFreePorts(2);
  env = { TEMPORAL_ADDRESS: `127.0.0.1:${port}`, TEMPORAL_UI_URL: `http://127.0.0.1:${uiPort}/` };
  dev = runCli(['dev', '--port', String(port), '--ui-port', String(uiPort)]);
  dev.stderr.on('data', (chunk: Buffer) => (devOutput += chunk.toString()));
  await vi.waitFor(() => expect(devOutput).toContain('worker           ready'), { timeout: 90_000, interval: 200 });
}, 100_000);

afterAll(async () => {
  dev.kill('SIGTERM');
  await dev;
});

/** Starts a command and collects what it has printed so far. */
function start(args: readonly string[]) {
  const running = runCli(args, { env });
  const output = { stdout: '', stderr: '' };
  running.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  running.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  return { running, output };
}

test('run waits for a checkpoint that is still being saved, says what is missing, and ends with the path', async () => {
  const folder = await makeFolder();
  const path = join(folder, ITERATION_NAME);
  await mkdir(path);
  for (const file of await readdir(ITERATION)) {
    if (file.endsWith('.distcp')) await cp(join(ITERATION, file), join(path, file));
  }
  const { running, output } = start(['run', '--json', `megatron_path=${path}`, `hf_path=${folder}/hf`, ...COMMON]);
  await vi.waitFor(() => expect(output.stdout).toMatch(/"event":"waiting".*\.metadata/), { timeout: 60_000 });
  await cp(ITERATION, path, { recursive: true });
  const { stdout, exitCode } = await running;
  expect(exitCode).toBe(0);
  const events = jsonLines(stdout);
  expect(events[0]).toMatchObject({ event: 'started', fresh: true });
  expect(events[0]?.['ui']).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\/megatron-to-hf-hf-/);
  expect(events.at(-1)).toMatchObject({ event: 'result', hf_path: `${folder}/hf`, validation: 'NOT VALIDATED' });
  const done = events.filter(({ event, state }) => event === 'phase' && state === 'done').map(({ phase }) => phase);
  expect(done).toEqual(['checkCompleteness', 'validateParallelism', 'convert', 'verify', 'publish']);

  const status = await runCli(['status', String(events[0]?.['workflow_id'])], { env });
  expect(status.exitCode).toBe(0);
  expect(status.stdout).toContain('COMPLETED');
  expect(status.stdout).toContain('NOT VALIDATED');
});

test('detach, find again, refuse another request for the target, cancel', async () => {
  const folder = await makeFolder({ 'iter_0000001/common.pt': '' });
  const request = [`megatron_path=${folder}/iter_0000001`, `hf_path=${folder}/hf`, ...COMMON];
  const detached = await runCli(['run', '--detach', ...request], { env });
  expect(detached.exitCode).toBe(0);
  const id = detached.stdout;
  expect(detached.stderr).toContain(`megatron-to-hf status ${id} --follow`);

  const { running, output } = start(['run', ...request]);
  await vi.waitFor(() => expect(output.stderr).toMatch(/already running, attached[\s\S]*waiting \(attempt \d+/), {
    timeout: 60_000,
  });
  running.kill('SIGINT');
  const attached = await running;
  expect(attached.exitCode).toBe(130);
  expect(attached.stderr).toContain('detached: the run goes on');

  const other = await runCli(['run', ...request, 'max_shard_size=1MB'], { env });
  expect(other.exitCode).toBe(1);
  expect(other.stderr).toContain('TargetOwned');
  expect(other.stderr).toContain(id);

  const status = await runCli(['status', id, '--json'], { env });
  expect(status.exitCode).toBe(0);
  expect(jsonLines(status.stdout)).toEqual([
    expect.objectContaining({
      event: 'status',
      state: 'RUNNING',
      workflow_id: id,
      activity: expect.objectContaining({ activity_id: expect.any(String), last_failure: expect.any(Object) }),
    }),
  ]);
  expect(status.stdout).not.toMatch(/"[a-z]+[A-Z]\w*":/);

  expect((await runCli(['cancel', id], { env })).exitCode).toBe(0);
  const end = await runCli(['status', id, '--follow', '--json'], { env });
  expect(jsonLines(end.stdout).at(-1)).toMatchObject({ event: 'failed', type: 'Cancelled', exit_code: 3 });
  expect(end.exitCode).toBe(3);
});

test.each([
  ['WaitTimedOut', 4, ['megatron_path=ABSENT', 'wait.timeout=2s']],
  ['LayoutInvalid', 2, [`megatron_path=${ITERATION}`, 'tp=7']],
  ['CheckpointUnsupported', 1, [`megatron_path=${FIXTURE}/checkpoint`]],
])('a run that ends in %s exits with %i', async (type, code, given) => {
  const folder = await makeFolder({ 'iter_0000001/common.pt': '' });
  const overrides = given.map((override) => override.replace('ABSENT', `${folder}/iter_0000001`));
  const { stdout, exitCode } = await runCli(['run', '--json', ...COMMON, ...overrides, `hf_path=${folder}/hf`], {
    env,
  });
  const last = jsonLines(stdout).at(-1);
  expect(last).toMatchObject({ event: 'failed', type, exit_code: code });
  expect(exitCode).toBe(code);
});

test('an unknown id is a failure that names it', async () => {
  const { stderr, exitCode } = await runCli(['status', 'no-such-run'], { env });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('no-such-run');
});

test('a run of somebody else is not cancelled', async () => {
  const client = await connect({ address: env.TEMPORAL_ADDRESS, namespace: 'default' });
  try {
    const other = await client.workflow.start('Training', { workflowId: 'training-1', taskQueue: 'nobody' });
    const { stderr, exitCode } = await runCli(['cancel', 'training-1'], { env });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('training-1 is a run of Training, and not of megatronToHf.');
    const history = await other.fetchHistory();
    expect(history.events?.filter((event) => event.workflowExecutionCancelRequestedEventAttributes)).toEqual([]);
    await other.terminate();
  } finally {
    await client.connection.close();
  }
});

test('Ctrl-C ends dev: worker drained, server gone', async () => {
  const children = findDescendants(dev.pid);
  expect(children).not.toEqual([]);
  dev.kill('SIGINT');
  expect((await dev).exitCode).toBe(0);
  expect(stillAlive(children)).toEqual([]);
});
