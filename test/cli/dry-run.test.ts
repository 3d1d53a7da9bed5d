import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../config/config-folder.ts';
import { jsonLines, runCli } from './run-cli.ts';

test('-d prints a configuration that gives the same again, and touches nothing', async () => {
  const cwd = await makeFolder({});
  const overrides = [
    'megatron_path=iter_0000001',
    'tp=2',
    'smoke.prompts=["The sea", "no"]',
    'wait.timeout=90',
    'hf_revision=0123',
  ];
  const first = await runCli(['run', '-d', ...overrides], { cwd });
  expect(first.exitCode).toBe(0);
  expect(first.stderr).toBe('');
  expect(first.stdout).toContain(
    '# chosen by nobody, so checked but never refused: pp, ep, etp, torchrun.nproc_per_node',
  );
  expect(first.stdout).toContain(`megatron_path: ${cwd}/iter_0000001`);
  expect(await readdir(cwd)).toEqual([]);
  await writeFile(join(cwd, 'again.yaml'), first.stdout);
  const second = await runCli(['convert', '--dry-run', '-c', './again.yaml'], { cwd });
  expect(withoutNotes(second.stdout)).toBe(withoutNotes(first.stdout));
});

test('-d --json is one object', async () => {
  const { stdout } = await runCli(['run', '--dry-run', '--json', '-c', 'quickstart', 'megatron_path=/x']);
  expect(jsonLines(stdout)).toEqual([
    expect.objectContaining({ event: 'config', config: expect.objectContaining({ max_shard_size: '1MB' }) as object }),
  ]);
});

const withoutNotes = (text: string) => text.replaceAll(/^#.*\n/gm, '');
