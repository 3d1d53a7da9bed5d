// `... | head` ends the reading, and neither the work nor its exit code.
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { FIXTURE, ITERATION, MAIN, ROOT } from './run-cli.ts';

/** The exit code of the command line whose reader has gone before the first line. */
async function exitCodeWithoutReader(args: readonly string[]): Promise<number> {
  const script = '"$0" "$@" | true; echo "${PIPESTATUS[0]}" >&2';
  const { stderr } = await execa('bash', ['-c', script, process.execPath, MAIN, ...args], { cwd: ROOT });
  return Number(stderr.split('\n').at(-1));
}

it.each([
  ['a checkpoint that is not there', ['check', '/no/such/iter_0000001', '--json'], 1],
  ['a comparison that finds nothing', ['diff', `${FIXTURE}/reference`, `${FIXTURE}/reference`, '--json'], 2],
  ['a complete checkpoint', ['check', ITERATION, '--json'], 0],
])('%s', async (_, args, code) => {
  expect(await exitCodeWithoutReader(args)).toBe(code);
});
