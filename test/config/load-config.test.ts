import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, type LoadConfigOptions } from '../../src/config/load-config.ts';
import { ConversionError } from '../../src/contract/index.ts';
import { makeFolder } from './config-folder.ts';

const GIVEN = ['megatron_path=/runs/iter_0000100', 'hf_path=/out/hf'];

async function load(options: LoadConfigOptions) {
  return loadConfig({ environment: {}, ...options });
}

async function problemsOf(options: LoadConfigOptions): Promise<readonly string[]> {
  const error: unknown = await load(options).catch((reason: unknown) => reason);
  if (!(error instanceof ConversionError)) throw new Error('the configuration was accepted');
  expect(error.type).toBe('InvalidInput');
  for (const problem of error.problems) expect(error.message).toContain(problem);
  return error.problems.length > 0 ? error.problems : [error.message];
}

test("the default is the step's contract", async () => {
  const { input } = await load({ overrides: GIVEN });
  expect(input).toMatchObject({
    hf_model_id: 'nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-Base-BF16',
    trust_remote_code: true,
    show_progress: true,
    strict: true,
    distributed: true,
    tp: 1,
    pp: 1,
    ep: 8,
    etp: 1,
    distributed_save: true,
    torchrun: { nproc_per_node: 8 },
  });
  expect(input.defaulted).toEqual(['tp', 'pp', 'ep', 'etp', 'torchrun.nproc_per_node']);
});

test.each([
  [{}, '/work/output/convert/megatron_to_hf/hf'],
  [{ NEMO_RUN_DIR: '/nemo' }, '/nemo/convert/megatron_to_hf/hf'],
  [{ NEMO_RUN_DIR: '/nemo', CONVERT_OUTPUT_DIR: '/out' }, '/out/megatron_to_hf/hf'],
])('hf_path follows the environment %j', async (environment, expected) => {
  const { input } = await load({ overrides: ['megatron_path=/x'], environment, cwd: '/work' });
  expect(input.hf_path).toBe(expected);
});

test('environment variables of the step set numbers and count as given', async () => {
  const environment = { NEMOTRON_CONVERT_TP: '4', NEMOTRON_CONVERT_EP: '1', NEMOTRON_CONVERT_NPROC_PER_NODE: '2' };
  const { input } = await load({ overrides: GIVEN, environment });
  expect([input.tp, input.ep, input.torchrun.nproc_per_node]).toEqual([4, 1, 2]);
  expect(input.defaulted).toEqual(['pp', 'etp']);
});

test('what a person says is not defaulted: command line, own file, nothing at all', async () => {
  const cwd = await makeFolder({ 'mine.yaml': 'defaults: default\npp: 2\netp: null\n' });
  const { input, files } = await load({ config: './mine.yaml', overrides: [...GIVEN, 'tp=1'], cwd });
  expect(input.defaulted).toEqual(['ep', 'torchrun.nproc_per_node']);
  expect(files.at(-1)).toBe(join(cwd, 'mine.yaml'));
});

test('a configuration without defaults stands alone', async () => {
  const cwd = await makeFolder({ 'config/alone.yaml': 'hf_model_id: a/b\n' });
  const { input } = await load({ config: 'alone', overrides: GIVEN, cwd });
  expect(input.tp).toBeUndefined();
  expect(input.defaulted).toEqual([]);
});

test('defaults: parents in their order, then the file; mappings merge and lists are replaced', async () => {
  const cwd = await makeFolder({
    'config/a.yaml': 'hf_model_id: a/a\nwait: {timeout: 1h, stall: 1m}\nsmoke: {prompts: [one, two]}\n',
    'config/b.yaml': 'defaults: a\nwait: {timeout: 2h}\n',
    'config/c.yaml': 'hf_model_id: c/c\n',
    'config/d.yaml': 'defaults: [_self_, b, c]\nsmoke: {prompts: [three]}\n',
  });
  const { input } = await load({ config: 'd', overrides: GIVEN, cwd });
  expect(input).toMatchObject({
    hf_model_id: 'c/c',
    wait: { timeout: '2h', stall: '1m' },
    smoke: { prompts: ['three'] },
  });
});

test('a cycle of defaults names its chain', async () => {
  const cwd = await makeFolder({ 'config/a.yaml': 'defaults: b\n', 'config/b.yaml': 'defaults: a\n' });
  const [problem] = await problemsOf({ config: 'a', cwd });
  expect(problem).toMatch(/cycle: .*a\.yaml -> .*b\.yaml -> .*a\.yaml/);
});

test('an unknown configuration is answered with the known ones', async () => {
  const [problem] = await problemsOf({ config: 'defualt' });
  expect(problem).toContain('did you mean default?');
  expect(problem).toContain('quickstart');
});

test.each([
  ['tp: [\n', /broken\.yaml:\d+: /],
  ['- a\n- b\n', /expected a mapping/],
  ['tp: 1\ntp: 2\n', /broken\.yaml:2: .*unique/],
  ['defaults: {a: b}\n', /broken\.yaml:1: defaults must be/],
])('a file that is no configuration is refused with its place: %j', async (text, expected) => {
  const cwd = await makeFolder({ 'broken.yaml': text });
  const [problem] = await problemsOf({ config: './broken.yaml', cwd });
  expect(problem).toMatch(expected);
});

test('all problems come at once, each with its place', async () => {
  const cwd = await makeFolder({
    'mine.yaml': 'defaults: default\n\nwait:\n  timout: 1h\nep: many\nsmoke:\n  max_new_tokens: 1\n',
  });
  const problems = await problemsOf({
    config: './mine.yaml',
    overrides: ['strcit=true', 'dtype=fp32', '--tp', '4'],
    cwd,
  });
  const expected = [
    '--tp 4: there is no such option; parameters are written tp=4',
    `wait.timout (${cwd}/mine.yaml:4): there is no such parameter; did you mean wait.timeout?`,
    'strcit (command line): there is no such parameter; did you mean strict?',
    'megatron_path is mandatory: give megatron_path=... (the concrete checkpoint iteration directory, normally iter_NNNNNNN)',
    `ep (${cwd}/mine.yaml:5): expected integer from 1 to 65536, found "many"`,
    'dtype (command line): expected source | float32 | bfloat16 | float16, found "fp32"',
    `smoke.max_new_tokens (${cwd}/mine.yaml:7): expected integer from 4 to 1024, found 1`,
  ];
  expect(problems.toSorted()).toEqual(expected.toSorted());
});

test.each([
  ['nproc_per_node=2', 'torchrun.nproc_per_node'],
  ['timeout=1h', 'wait.timeout or smoke.timeout'],
  ['smoke.promts=[a]', 'smoke.prompts'],
  ['hf_model=a/b', 'is spelt hf_model_id here'],
  ['torch_dtype=bfloat16', 'is spelt dtype here'],
  ['extra_args=[--x]', 'never by a request'],
  ['defaulted=[tp]', 'worked out'],
  ['smoke=false', 'is a section; set one of smoke.enabled'],
  ['tp.size=2', 'tp takes integer'],
  ['zzzz=1', 'there is no such parameter'],
  ['__proto__.tp=1', 'there is no such parameter'],
  ['constructor=1', 'there is no such parameter'],
])('%s is refused helpfully', async (override, expected) => {
  const problems = await problemsOf({ overrides: [...GIVEN, override] });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(expected);
});

test('scalars take the type of their parameter', async () => {
  const overrides = [
    ...GIVEN,
    'hf_revision=0123456',
    'strict=no',
    'distributed=auto',
    'wait.timeout=90',
    'max_shard_size=500MB',
  ];
  const { input } = await load({ overrides });
  expect(input).toMatchObject({
    hf_revision: '0123456',
    strict: false,
    distributed: 'auto',
    wait: { timeout: 90 },
    max_shard_size: '500MB',
  });
});

test('null takes a value back, and an empty section is none', async () => {
  const cwd = await makeFolder({ 'mine.yaml': 'defaults: default\nwait:\nsmoke: {}\n' });
  const { input } = await load({ config: './mine.yaml', overrides: [...GIVEN, 'tp=null'], cwd });
  expect(input.tp).toBeNull();
  expect(input.wait.timeout).toBe('24h');
});

test('relative paths become absolute, model ids stay', async () => {
  const cwd = await makeFolder({ 'base/config.json': '{}' });
  const given = ['megatron_path=runs/iter_1', 'hf_path=../out'];
  expect((await load({ overrides: [...given, 'hf_model_id=base'], cwd })).input).toMatchObject({
    megatron_path: join(cwd, 'runs/iter_1'),
    hf_path: join(cwd, '../out'),
    hf_model_id: join(cwd, 'base'),
  });
  const missing = await load({ overrides: [...given, 'hf_model_id=./absent'], cwd });
  expect(missing.input.hf_model_id).toBe(join(cwd, 'absent'));
  const hub = await load({ overrides: [...given, 'hf_model_id=meta-llama/Llama-3.1-8B'], cwd });
  expect(hub.input.hf_model_id).toBe('meta-llama/Llama-3.1-8B');
});

test('the quickstart configuration is valid', async () => {
  const { input } = await load({ config: 'quickstart', overrides: ['megatron_path=/x'] });
  expect(input).toMatchObject({ torchrun: { nproc_per_node: 2 }, max_shard_size: '1MB', strict: true });
});
