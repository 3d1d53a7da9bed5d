import { cp, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../config/config-folder.ts';
import { FIXTURE, ITERATION, ITERATION_NAME, jsonLines, runCli } from './run-cli.ts';

async function copyCheckpoint(): Promise<string> {
  const path = join(await makeFolder(), ITERATION_NAME);
  await cp(ITERATION, path, { recursive: true });
  return path;
}

test('complete: exit 0', async () => {
  const { stdout, exitCode } = await runCli(['check', ITERATION]);
  expect(stdout).toMatch(/^complete {2}\//);
  expect(exitCode).toBe(0);
});

test('a fresh copy is judged in one call', async () => {
  const { stdout, exitCode } = await runCli(['check', '--json', await copyCheckpoint()]);
  expect(jsonLines(stdout)).toEqual([
    expect.objectContaining({ verdict: 'complete', iteration: Number(ITERATION_NAME.slice('iter_'.length)) }),
  ]);
  expect(exitCode).toBe(0);
});

test('incomplete: exit 4, with the missing bytes', async () => {
  const path = await copyCheckpoint();
  await truncate(join(path, '__0_0.distcp'), 100);
  await rm(join(path, '__1_0.distcp'));
  const { stdout, exitCode } = await runCli(['check', path]);
  expect(exitCode).toBe(4);
  expect(stdout).toMatch(/^incomplete {2}CheckpointIncomplete/);
  expect(stdout).toContain('__0_0.distcp has 100 of');
  expect(stdout).toContain('__1_0.distcp is missing');
});

test('unusable: exit 1, here for the folder above the iterations', async () => {
  const { stdout, exitCode } = await runCli(['check', '--json', `${FIXTURE}/checkpoint`]);
  expect(exitCode).toBe(1);
  const [answer] = jsonLines(stdout);
  expect(answer).toMatchObject({ verdict: 'unusable', type: 'CheckpointUnsupported' });
  expect(answer?.['message']).toContain(ITERATION_NAME);
});

test('overrides reach the judge, wrong ones are refused', async () => {
  const { stderr, exitCode } = await runCli(['check', ITERATION, 'wait.setle=1s']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('did you mean wait.settle?');
});
