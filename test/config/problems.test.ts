// What a refused configuration says: the limit that was missed, the value as it was given, and never a secret.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { ConversionError } from '../../src/contract/index.ts';
import { makeFolder } from './config-folder.ts';

interface Given {
  readonly config?: string;
  readonly overrides?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

async function refusal(given: Given): Promise<string> {
  try {
    await loadConfig({ environment: {}, cwd: '/work', ...given });
  } catch (error) {
    if (error instanceof ConversionError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

test.each([
  ['hf_path=""', 'hf_path (command line): expected text that is not empty, found ""'],
  ['smoke.prompts=[]', 'expected list of text, not empty, found []'],
  ['wait.timeout=0', 'expected number above 0 | duration such as 30s, 15m, 24h, found 0'],
  ['tp=true', 'expected integer from 1 to 65536 | auto, found true'],
  [`hf_revision=${'x'.repeat(5000)}`, 'expected text of at most 1000 characters, found "xxx'],
])('%s', async (override, expected) => {
  const message = await refusal({ overrides: ['megatron_path=/x', override] });
  expect(message).toContain(expected);
  expect(message.length).toBeLessThan(500);
});

test('the value of a secret variable is in no message', async () => {
  const environment = { HF_TOKEN: 'sesame' };
  const overrides = ['megatron_path=/x', 'tp=${oc.env:HF_TOKEN}', 'pp=${tp}', 'ep=${oc.decode:"{${oc.env:HF_TOKEN}"}'];
  const message = await refusal({ environment, overrides: [...overrides, '+hf_token=sesame', 'my hf_token=sesame'] });
  expect(message).not.toContain('sesame');
  expect(message).toContain('tp (command line): expected integer from 1 to 65536 | auto, found ******');
  expect(message).toContain('pp (command line)');
  expect(message).toContain('ep (command line): oc.decode: ******');
});

test('a variable that is set and empty does not move the target to the root of the file system', async () => {
  const environment = { CONVERT_OUTPUT_DIR: '' };
  const message = await refusal({ environment, overrides: ['megatron_path=/x'] });
  expect(message).toContain('begins with CONVERT_OUTPUT_DIR, which is set, and empty');
  const nested = await refusal({ environment: { NEMO_RUN_DIR: '' }, overrides: ['megatron_path=/x'] });
  expect(nested).toContain('begins with NEMO_RUN_DIR');
  const { input } = await loadConfig({ environment, cwd: '/work', overrides: ['megatron_path=/x', 'hf_path=out'] });
  expect(input.hf_path).toBe('/work/out');
  const overrides = ['megatron_path=/x', 'hf_path=${oc.env:BASE}/out${oc.env:SUFFIX}'];
  const meant = await loadConfig({ environment: { BASE: '/b', SUFFIX: '' }, cwd: '/work', overrides });
  expect(meant.input.hf_path).toBe('/b/out');
});

test.each([
  ['nope', 'no configuration is called nope. Looked in'],
  ['', 'the name of the configuration is empty'],
  ['defualt', 'no configuration is called defualt; did you mean default? Looked in'],
  ['mine.yaml', 'configuration not found: FOLDER/mine.yaml. It is called mine: -c mine'],
  ['./folder.yaml', 'cannot read the configuration FOLDER/folder.yaml: it is a directory'],
  ['./two.yaml', 'FOLDER/two.yaml:3: the file holds several documents; a configuration is one'],
])('-c %j', async (config, expected) => {
  const cwd = await makeFolder({ 'config/mine.yaml': 'tp: 1\n', 'two.yaml': '---\ntp: 1\n---\ntp: 2\n' });
  await mkdir(join(cwd, 'folder.yaml'));
  expect(await refusal({ config, cwd })).toContain(expected.replaceAll('FOLDER', cwd));
});

test('a parent by path needs no extension, as in the step', async () => {
  const cwd = await makeFolder({ 'config/child.yaml': 'defaults: ../base\nmegatron_path: /x\n' });
  await writeFile(join(cwd, 'base.yaml'), 'defaults: default\ntp: 4\n');
  expect((await loadConfig({ config: 'child', cwd, environment: {} })).input.tp).toBe(4);
});
