import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsonLines, ROOT, runCli } from './run-cli.ts';

const LEPTON = `${ROOT}test/config/env-toml/lepton.toml`;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2hf-profile-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('lists what a worker offers, and what it lacks, and takes what was imported', async () => {
  const imported = join(folder, 'worker.yaml');
  const made = await runCli(['profile', 'import', LEPTON, 'lepton_convert_model', '-o', imported]);
  expect(made).toMatchObject({ exitCode: 0, stdout: '' });
  expect(made.stderr).toBe('2 of 2 profiles imported; 6 keys are explained in comments');
  const again = await runCli(['profile', 'import', LEPTON, '-o', imported]);
  expect(again.exitCode).toBe(2);
  expect(again.stderr).toMatch(/worker.yaml exists; name a new file/);

  const token = 'nvapi-abcdefghijklmnop';
  const env = { LEPTON_WORKSPACE_ID: 'team', LEPTON_WORKSPACE_TOKEN: '' };
  const lacking = await runCli(['profile', 'list', '-c', imported, '--json'], { env });
  const [{ profiles } = {}] = jsonLines(lacking.stdout);
  expect(profiles).toEqual([
    expect.objectContaining({ name: 'lepton_base', missing: ['LEPTON_WORKSPACE_TOKEN'] }),
    {
      name: 'lepton_convert_model',
      executor: 'lepton',
      what: '1 node of 8 ranks, nvcr.io/nvidia/nemo:26.04, gpu.8xa100-80gb',
      missing: ['LEPTON_WORKSPACE_TOKEN'],
    },
    { name: 'local', executor: 'local', what: "the worker's own machine", missing: [] },
  ]);
  const complete = await runCli(['profile', 'list', '-c', imported], {
    env: { ...env, LEPTON_WORKSPACE_TOKEN: token },
  });
  expect(complete.stdout).toMatch(/^lepton_convert_model {2}lepton {4}1 node of 8 ranks, .*a100-80gb$/m);
  expect(complete.stdout + complete.stderr).not.toContain(token);
});

it('prints a new profile, and says what it does not know', async () => {
  const made = await runCli(['profile', 'new', 'lepton_convert_model']);
  expect(made).toMatchObject({ exitCode: 0, stderr: '' });
  expect(made.stdout).toMatch(/^profiles:\n {2}lepton_convert_model:\n[\s\S]*^ {4}executor: lepton$/m);
  const unknown = await runCli(['profile', 'import', LEPTON, 'lepton_convert_modl']);
  expect(unknown.exitCode).toBe(2);
  expect(unknown.stderr).toMatch(/has no profile lepton_convert_modl; did you mean lepton_convert_model\?/);
});

it('names unknown keys and what a worker would refuse on stderr, and prints the rest', async () => {
  const file = join(folder, 'env.toml');
  await writeFile(file, '[x]\nexecutor = "lepton"\nressource_shape = "gpu"\nenv_vars = { API_KEY = "very-secret" }\n');
  const { stdout, stderr, exitCode } = await runCli(['profile', 'import', file]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^ {2}x:\n {4}executor: lepton$/m);
  expect(stderr).toMatch(/left out: x\.ressource_shape/);
  expect(stderr).toMatch(/to be corrected before a worker can use it: profiles\.x\.resource_shape is mandatory/);
  expect(stdout + stderr).not.toContain('very-secret');
  expect(await readFile(file, 'utf8')).toContain('very-secret');
});
