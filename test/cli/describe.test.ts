// `describe` says what the schemas and the tables say.
import { expect, test } from 'vitest';
import { composeDescription } from '../../src/cli/describe.ts';
import { renderDescription } from '../../src/cli/render-description.ts';
import { requestOptions } from '../../src/config/load-config.ts';
import { FAILURES } from '../../src/contract/index.ts';
import { runCli } from './run-cli.ts';

test('--json is one object: artifacts, every parameter, every failure', async () => {
  const { stdout, exitCode } = await runCli(['describe', '--json']);
  expect(exitCode).toBe(0);
  const description = JSON.parse(stdout) as Awaited<ReturnType<typeof composeDescription>>;
  expect(description).toEqual(await composeDescription());
  expect(description).toMatchObject({
    name: 'convert/megatron_to_hf',
    workflow: 'megatronToHf',
    consumes: [{ type: 'checkpoint_megatron', parameter: 'megatron_path' }],
    produces: [{ type: 'checkpoint_hf', parameter: 'hf_path' }],
  });
  expect(description.parameters.map(({ name }) => name)).toEqual(requestOptions().map(({ path }) => path));
  expect(description.failures.map(({ type, exit_code }) => [type, exit_code])).toEqual(
    Object.entries(FAILURES).map(([type, { exitCode: code }]) => [type, code]),
  );
  const byName = new Map(description.parameters.map((it) => [it.name, it]));
  expect(byName.get('megatron_path')).toMatchObject({ required: true, default: null, configured: null });
  expect(byName.get('ep')).toMatchObject({ default: null, configured: '${oc.env:NEMOTRON_CONVERT_EP,8}' });
  expect(byName.get('dtype')).toMatchObject({ default: 'source', aliases: ['torch_dtype'] });
  expect(byName.get('wait.timeout')).toMatchObject({ default: '24h', step: null });
  for (const { name, meaning, type } of description.parameters)
    expect([name, meaning !== '', type !== '']).toEqual([name, true, true]);
});

test('for people: one line each', async () => {
  const description = await composeDescription();
  const lines = renderDescription(description).split('\n');
  for (const { name } of description.parameters)
    expect(lines.filter((line) => line.startsWith(`  ${name} `))).toHaveLength(1);
  for (const { type } of description.failures)
    expect(lines.filter((line) => line.startsWith(`  ${type} `))).toHaveLength(1);
  expect(lines.find((line) => line.startsWith('  hf_model_id '))).toContain('(also hf_model)');
  // The command line has a default for it, the workflow has none.
  expect(lines.find((line) => line.startsWith('  hf_path '))).toMatch(
    /\[\$\{oc\.env:CONVERT_OUTPUT_DIR.*; required in a workflow's request\]$/,
  );
  expect(lines.find((line) => line.startsWith('  megatron_path '))).toMatch(/ \[required\]$/);
});
