// A Temporal server that dies under the commands that need it.
import { expect, test, vi } from 'vitest';
import { makeFolder } from '../config/config-folder.ts';
import { findFreePorts } from '../support/temporal-server.ts';
import { findDescendants, stillAlive } from './processes.ts';
import { FIXTURE, jsonLines, runCli } from './run-cli.ts';

// The client tries for more than a minute before it gives up: a server that is started again meanwhile goes unnoticed.
test('dev shuts its worker down, and a command that follows a run says how to attach again, both with exit code 5', async () => {
  const [port, uiPort] = await findFreePorts(2);
  const own = { TEMPORAL_ADDRESS: `127.0.0.1:${port}` };
  const lost = runCli(['dev', '--port', String(port), '--ui-port', String(uiPort)]);
  let told = '';
  lost.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  await vi.waitFor(() => expect(told).toContain('worker           ready'), { timeout: 90_000, interval: 200 });
  const folder = await makeFolder({ 'iter_0000001/common.pt': '' });
  const request = [`megatron_path=${folder}/iter_0000001`, `hf_path=${folder}/hf`, `hf_model_id=${FIXTURE}/reference`];
  const following = runCli(['run', '--json', ...request, 'wait.initial_interval=1s'], { env: own });
  let events = '';
  following.stdout.on('data', (chunk: Buffer) => (events += chunk.toString()));
  await vi.waitFor(() => expect(events).toContain('"event":"waiting"'), { timeout: 60_000 });
  const children = findDescendants(lost.pid);
  const [server] = children;
  if (server === undefined) throw new Error('dev has no server');
  process.kill(server, 'SIGKILL');

  const { exitCode, stderr } = await lost;
  expect(stderr).toContain(`the Temporal server at 127.0.0.1:${port} ended by itself`);
  expect(exitCode).toBe(5);
  expect(stillAlive(children)).toEqual([]);

  const { stdout, exitCode: code } = await following;
  expect(jsonLines(stdout).at(-1)).toMatchObject({
    event: 'failed',
    type: 'ServerUnreachable',
    exit_code: 5,
    advice: expect.stringContaining('Attach again with: megatron-to-hf status'),
  });
  expect(code).toBe(5);
  expect((await runCli(['status', 'x'], { env: own })).exitCode).toBe(5);
});
