import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from './config-folder.ts';
import { GIVEN, load, problemsOf } from './load.ts';

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
    `ep (${cwd}/mine.yaml:5): expected integer from 1 to 65536 | auto, found "many"`,
    'dtype (command line): expected source | float32 | bfloat16 | float16, found "fp32"',
    `smoke.max_new_tokens (${cwd}/mine.yaml:7): expected integer from 4 to 1024, found 1`,
  ];
  expect(problems.toSorted()).toEqual(expected.toSorted());
});

test.each([
  ['nproc_per_node=2', 'torchrun.nproc_per_node'],
  ['timeout=1h', 'wait.timeout or smoke.timeout'],
  ['smoke.promts=[a]', 'smoke.prompts'],
  ['torch_dtype=fp8', 'dtype (command line): expected source | float32 | bfloat16 | float16, found "fp8"'],
  ['input=/x', 'is spelt megatron_path here'],
  ['expert_model_parallel_size=8', 'is spelt ep here'],
  ['megatron_path=null', 'megatron_path is mandatory'],
  ['script.path=/x.py', 'script.path (command line) is not for a request: the operator sets `bridge.script`'],
  ['script.supports_torch_dtype=false', 'is not for a request'],
  ['distributed_script=/x.py', '`bridge.script` in worker.yaml'],
  ['upstream_script=/x.py', '`bridge.script` in worker.yaml'],
  ['extra_args=[--x]', '`bridge.extra_args` in worker.yaml'],
  ['distributed_extra_args=[--x]', '`bridge.distributed_extra_args` in worker.yaml'],
  ['run.env.nodes=8', 'belong to a profile of worker.yaml'],
  ['torchrun.node_rank=1', 'joins machines by hand, which only `convert` does'],
  ['cp=2', 'context parallelism splits activations'],
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

test('a profile that an option names is part of the request, and may not be contradicted', async () => {
  const profile = { name: 'slurm_convert_model', flag: '-b' };
  expect((await load({ overrides: GIVEN, profile })).input.profile).toBe('slurm_convert_model');
  expect(await problemsOf({ overrides: [...GIVEN, 'profile=other'], profile })).toEqual([
    'profile="other" and -b slurm_convert_model name two profiles: give one of them',
  ]);
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

test('tiny is the second configuration of the step', async () => {
  const { input } = await load({ config: 'tiny', overrides: ['megatron_path=/x'], environment: {}, cwd: '/work' });
  expect(input).toMatchObject({
    hf_model_id: 'nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-Base-BF16',
    hf_path: '/work/output/convert/megatron_to_hf/super3-hf',
    tp: 8,
    pp: 4,
    ep: 8,
    defaulted: ['tp', 'pp', 'ep', 'etp', 'torchrun.nproc_per_node'],
  });
});

test('the quickstart configuration is valid', async () => {
  const { input } = await load({ config: 'quickstart', overrides: ['megatron_path=/x'] });
  expect(input).toMatchObject({ torchrun: { nproc_per_node: 2 }, max_shard_size: '1MB', strict: true });
});
