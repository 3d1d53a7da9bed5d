import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { makeFolder } from '../config/config-folder.ts';
import { findDescendants, stillAlive } from './processes.ts';
import { FIXTURE, ITERATION, jsonLines, runCli } from './run-cli.ts';

const REQUEST = ['-c', 'quickstart', `megatron_path=${ITERATION}`, `hf_model_id=${FIXTURE}/reference`];

test('convert publishes, prints the path, and is idempotent', async () => {
  const folder = await makeFolder();
  const request = ['convert', ...REQUEST, `hf_path=${folder}/hf`, 'smoke.enabled=false'];
  const first = await runCli(request);
  expect(first.stderr).toContain('NOT VALIDATED');
  expect(first.stdout).toBe(`${folder}/hf`);
  expect(first.exitCode).toBe(0);
  expect(await readdir(join(folder, 'hf'))).toEqual(
    expect.arrayContaining(['config.json', 'export_manifest.json', 'model.safetensors.index.json', 'tokenizer.json']),
  );
  expect(await readdir(folder)).toEqual(['hf']);

  const second = await runCli([...request, '--json']);
  expect(second.exitCode).toBe(0);
  const events = jsonLines(second.stdout);
  expect(events.at(-1)).toMatchObject({ event: 'result', hf_path: `${folder}/hf`, already_published: true });
  const phases = events.filter(({ event, state }) => event === 'phase' && state !== 'running');
  expect(phases.map(({ phase, state }) => [phase, state])).toEqual([
    ['checkCompleteness', 'done'],
    ['validateParallelism', 'done'],
    ['convert', 'done'],
    ['verify', 'done'],
    ['smokeGenerate', 'skipped'],
    ['publish', 'done'],
  ]);
});

test.each(['convert', 'smokeGenerate'])('Ctrl-C during %s leaves no process and no target: exit 130', async (phase) => {
  const folder = await makeFolder();
  const running = runCli(['convert', '--json', ...REQUEST, `hf_path=${folder}/hf`]);
  const started = new RegExp(`"phase":"${phase}","state":"running"`);
  let output = '';
  running.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await vi.waitFor(() => expect(output).toMatch(started), { timeout: 60_000, interval: 50 });
  await vi.waitFor(() => expect(findDescendants(running.pid)).not.toEqual([]), { timeout: 30_000, interval: 20 });
  // Long enough for torchrun to start ranks of its own.
  await sleep(1000);
  const children = findDescendants(running.pid);
  running.kill('SIGINT');
  const { exitCode, stdout } = await running;
  expect(exitCode).toBe(130);
  expect(jsonLines(stdout).at(-1)).toEqual({
    event: 'interrupted',
    message: 'interrupted: no rank is left; the same command goes on with the finished files',
    exit_code: 130,
  });
  expect(stillAlive(children)).toEqual([]);
  expect(existsSync(join(folder, 'hf'))).toBe(false);
});

test('Ctrl-C while waiting for a checkpoint: exit 130', async () => {
  const folder = await makeFolder({ 'iter_0000001/common.pt': '' });
  const running = runCli(['convert', `megatron_path=${folder}/iter_0000001`, `hf_path=${folder}/hf`]);
  let output = '';
  running.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await vi.waitFor(() => expect(output).toMatch(/waiting \(attempt 1, next in 10 s\): .*\.metadata/), {
    timeout: 30_000,
  });
  running.kill('SIGTERM');
  expect((await running).exitCode).toBe(130);
});
