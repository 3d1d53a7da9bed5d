// `convert --json | head` goes on to its end; a failure keeps its exit code. The reader goes before the first line.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { makeFolder } from '../config/config-folder.ts';
import { FIXTURE, ITERATION, MAIN, ROOT } from './run-cli.ts';

async function convertWithoutReader(
  reference: string,
  errors: '2>/dev/null' | '2>&1' = '2>/dev/null',
): Promise<{ readonly code: number; readonly published: boolean }> {
  const folder = await makeFolder();
  const target = join(folder, 'hf');
  const request = ['-c', 'quickstart', `megatron_path=${ITERATION}`, `hf_model_id=${reference}`, `hf_path=${target}`];
  const script = `"$0" "$@" ${errors} | true; echo "\${PIPESTATUS[0]}" >&2`;
  const args = [MAIN, 'convert', '--json', ...request, 'smoke.enabled=false'];
  const { stderr } = await execa('bash', ['-c', script, process.execPath, ...args], { cwd: ROOT });
  return { code: Number(stderr.split('\n').at(-1)), published: existsSync(join(target, 'config.json')) };
}

it('a conversion publishes although nobody reads', async () => {
  expect(await convertWithoutReader(`${FIXTURE}/reference`)).toEqual({ code: 0, published: true });
});

it('and although nobody reads the progress on stderr', async () => {
  expect(await convertWithoutReader(`${FIXTURE}/reference`, '2>&1')).toEqual({ code: 0, published: true });
});

it('a conversion that fails says so in its exit code', async () => {
  expect(await convertWithoutReader('/no/such/reference')).toEqual({ code: 1, published: false });
});
