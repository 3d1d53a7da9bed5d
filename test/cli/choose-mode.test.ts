import { expect, test } from 'vitest';
import { chooseMode } from '../../src/cli/choose-mode.ts';
import { runCli } from './run-cli.ts';

test.each([
  [{}, { mode: 'local', profile: undefined, detach: false }],
  [{ detach: true }, { mode: 'batch', profile: undefined, detach: true }],
  [{ run: 'a' }, { mode: 'run', profile: { name: 'a', flag: '-r' }, detach: false }],
  [{ batch: 'a' }, { mode: 'batch', profile: { name: 'a', flag: '-b' }, detach: true }],
  [
    { batch: 'a', detach: true },
    { mode: 'batch', profile: { name: 'a', flag: '-b' }, detach: true },
  ],
] as const)('%j', (flags, expected) => {
  expect(chooseMode(flags)).toEqual(expected);
});

test.each([
  [{ run: 'a', batch: 'b' }, '-r a stays attached and -b b submits and returns: give one of them'],
  [{ run: 'a', detach: true }, 'to submit with this profile, use -b a'],
  [{ batch: 'tp=4' }, '-b needs the name of a profile before tp=4: -b NAME'],
  [{ run: '--json' }, '-r needs the name of a profile before --json: -r NAME'],
] as const)('%j is refused', (flags, expected) => {
  expect(() => chooseMode(flags)).toThrow(expected);
});

test('on the command line: one sentence, exit code 2; convert has no -b', async () => {
  const both = await runCli(['run', '-r', 'a', '-b', 'b', 'megatron_path=/x']);
  expect(both.exitCode).toBe(2);
  expect(both.stdout).toBe('');
  expect(both.stderr).toMatch(/^InvalidInput: -r a stays attached and -b b submits and returns: give one of them$/m);
  const convert = await runCli(['convert', '-b', 'lepton_convert_model', 'convert/megatron_to_hf', '--stage']);
  expect(convert.exitCode).toBe(2);
  expect(convert.stderr).toContain('-b submits to a server: megatron-to-hf run -b lepton_convert_model');
  expect(convert.stderr).toContain('convert/megatron_to_hf: the step needs no name here, leave it out');
  expect(convert.stderr).toContain('--stage uploads files of the step; there is nothing to upload here');
});
