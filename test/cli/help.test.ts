import { execa } from 'execa';
import { expect, test } from 'vitest';
import { requestOptions } from '../../src/config/load-config.ts';
import { MAIN, ROOT, runCli } from './run-cli.ts';

const COMMANDS = [
  'run',
  'convert',
  'check',
  'inspect',
  'diff',
  'describe',
  'status',
  'retry',
  'cancel',
  'profile',
  'worker',
  'dev',
];

test('--help names every command and the exit codes', async () => {
  const { stdout, exitCode } = await runCli(['--help']);
  expect(exitCode).toBe(0);
  for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  expect(stdout).toContain('Exit codes: 0 done');
});

test.each(COMMANDS)('%s --help', async (command) => {
  const { stdout, exitCode } = await runCli([command, '--help']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`Usage: megatron-to-hf ${command}`);
});

test.each(['run', 'convert'])('%s --help lists every parameter', async (command) => {
  const { stdout } = await runCli([command, '--help']);
  for (const option of requestOptions()) expect(stdout).toContain(`  ${option.path} `);
  expect(stdout.match(/\(required\)$/gm)).toHaveLength(1);
  expect(stdout).toMatch(/^ {2}megatron_path .*\(required\)$/m);
  expect(stdout).toMatch(/^ {2}ep .*\[\$\{oc\.env:NEMOTRON_CONVERT_EP,8\}\]$/m);
});

test('--help imports commander and nothing else', async () => {
  // A stop-watch would measure the machine; what is imported is what start-up costs.
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => (process.stderr.write(name + '\\n'), next(name, context)) });`;
  const { stderr } = await execa(
    'node',
    ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, MAIN, '--help'],
    {
      cwd: ROOT,
    },
  );
  const packages = stderr.split('\n').filter((name) => /^[@\w]/.test(name) && !/^(?:node|file):/.test(name));
  expect(new Set(packages)).toEqual(new Set(['commander']));
});

test('no command, an unknown one and an unknown option are usage errors', async () => {
  expect((await runCli([])).exitCode).toBe(2);
  const typo = await runCli(['chekc', 'x']);
  expect(typo.exitCode).toBe(2);
  expect(typo.stderr).toContain('Did you mean check?');
  expect((await runCli(['status', 'x', '--folow'])).exitCode).toBe(2);
});

test('--version is that of the package', async () => {
  const { version } = (await import('../../package.json', { with: { type: 'json' } })).default;
  expect((await runCli(['--version'])).stdout).toBe(version);
});
