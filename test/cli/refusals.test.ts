import { expect, test } from 'vitest';
import { FIXTURE, jsonLines, runCli } from './run-cli.ts';

const GIVEN = ['megatron_path=/x/iter_0000001', 'hf_path=/y'];

test.each(['run', 'convert'])('%s refuses what the step swallows, with the right spelling', async (command) => {
  const { stdout, stderr, exitCode } = await runCli([command, ...GIVEN, '--tp', '4', '--no-strict', 'strcit=true']);
  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain('--tp 4: there is no such option; parameters are written tp=4');
  expect(stderr).toContain('--no-strict: there is no such option; parameters are written strict=false');
  expect(stderr).toContain('strcit (command line): there is no such parameter; did you mean strict?');
});

test('with --json a refusal is one object with all problems', async () => {
  const { stdout, exitCode } = await runCli(['run', '--json', 'wait.timout=1h']);
  expect(exitCode).toBe(2);
  expect(jsonLines(stdout)).toEqual([
    expect.objectContaining({
      event: 'failed',
      type: 'InvalidInput',
      exit_code: 2,
      problems: [
        expect.stringContaining('megatron_path is mandatory') as string,
        expect.stringContaining('did you mean wait.timeout?') as string,
      ],
    }),
  ]);
});

test.each([
  [['status', '--json'], "missing required argument 'id'"],
  [['run', '--json', '-b'], "option '-b, --batch <profile>' argument missing"],
])('with --json a wrong use of %j is one object as well', async (words, message) => {
  const { stdout, stderr, exitCode } = await runCli(words);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
  expect(jsonLines(stdout)).toEqual([
    expect.objectContaining({ event: 'failed', type: 'InvalidInput', message, exit_code: 2 }),
  ]);
});

test('retry refuses what no request takes before it asks the server', async () => {
  const words = ['retry', 'some-id', '--tp', '4', '-r', 'mine'];
  const { stderr, exitCode } = await runCli(words, { env: { TEMPORAL_ADDRESS: '127.0.0.1:9' } });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('parameters are written tp=4');
  expect(stderr).toContain('-r names a profile; here that is profile=mine');
});

test('a wrong worker configuration is refused before anything starts', async () => {
  const { stderr, exitCode } = await runCli(['convert', ...GIVEN, '--worker', '/nowhere/worker.yaml']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('/nowhere/worker.yaml');
});

test('without a server, run says how to get one', async () => {
  const { stderr, exitCode } = await runCli(['run', ...GIVEN], { env: { TEMPORAL_ADDRESS: '127.0.0.1:9' } });
  expect(exitCode).toBe(5);
  expect(stderr).toContain('cannot reach the Temporal server at 127.0.0.1:9');
  expect(stderr).toContain('megatron-to-hf dev');
});

test('convert maps failures to their exit codes', async () => {
  const missing = await runCli(['convert', 'megatron_path=/nowhere/at/all', 'hf_path=/tmp/never']);
  expect(missing.exitCode).toBe(1);
  expect(missing.stderr).toContain('CheckpointNotFound');
  const late = await runCli([
    'convert',
    `megatron_path=${FIXTURE}/iter_0000001`,
    'hf_path=/tmp/never',
    'wait.timeout=1s',
  ]);
  expect(late.exitCode).toBe(4);
  expect(late.stderr).toContain('WaitTimedOut');
});
