// The step's own spellings and configuration files, here.
import { expect, test } from 'vitest';
import { GIVEN, load, problemsOf } from './load.ts';
import { makeFolder } from './config-folder.ts';

/** The keys and values of the step's default.yaml. */
const STEP_DEFAULT = `run:
  env:
    container_image: nvcr.io/nvidia/nemo:26.04
megatron_path: null
hf_model_id: nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-Base-BF16
hf_path: \${oc.env:CONVERT_OUTPUT_DIR,\${oc.env:NEMO_RUN_DIR,\${oc.env:PWD}/output}/convert}/megatron_to_hf/hf
script:
  path: /opt/Megatron-Bridge/examples/conversion/convert_checkpoints_multi_gpu.py
trust_remote_code: true
show_progress: true
strict: true
distributed: true
tp: \${oc.env:NEMOTRON_CONVERT_TP,1}
pp: \${oc.env:NEMOTRON_CONVERT_PP,1}
ep: \${oc.env:NEMOTRON_CONVERT_EP,8}
etp: \${oc.env:NEMOTRON_CONVERT_ETP,1}
distributed_save: true
save_every_n_ranks: 1
torchrun:
  nproc_per_node: \${oc.env:NEMOTRON_CONVERT_NPROC_PER_NODE,8}
`;

test.each([
  [['hf_model=a/b'], { hf_model_id: 'a/b' }],
  [['use_distributed=auto'], { distributed: 'auto' }],
  [['torch_dtype=torch.bfloat16'], { dtype: 'bfloat16' }],
  [['torch_dtype=half'], { dtype: 'float16' }],
  [['dtype=float'], { dtype: 'float32' }],
  [['torch_dtype=null', 'hf_model=null', 'use_distributed=null'], { dtype: 'source', distributed: true }],
  [['hf_model=a/b', 'hf_model_id=a/b'], { hf_model_id: 'a/b' }],
  [['megatron_to_hf.wait.timeout=2h', 'megatron_to_hf.profile=x'], { wait: { timeout: '2h' }, profile: 'x' }],
  [
    ['script.path=null', 'extra_args=[]', 'distributed_extra_args=null', 'torchrun.node_rank=null', 'cp=1'],
    { torchrun: { nproc_per_node: 8 } },
  ],
  [
    ['save_every_n_ranks=2', 'distributed_timeout_minutes=30', 'duplicate_pp_tensor_policy=error'],
    { save_every_n_ranks: 2, distributed_timeout_minutes: 30, duplicate_pp_tensor_policy: 'error' },
  ],
  [['tp=auto', 'pp=auto', 'ep=auto', 'etp=auto'], { tp: 'auto', pp: 'auto', ep: 'auto', etp: 'auto' }],
])('the spelling of the step: %j', async (overrides, expected) => {
  expect((await load({ overrides: [...GIVEN, ...overrides] })).input).toMatchObject(expected);
});

test('two spellings of one parameter may not differ, unless one is in a file and the other on the command line', async () => {
  const cwd = await makeFolder({
    'mine.yaml':
      'defaults: default.yaml\nuse_distributed: false\nhf_path: /out/${use_distributed}/${megatron_to_hf.overwrite}\n',
  });
  const overrides = ['megatron_path=/x', 'overwrite=true'];
  const fromFile = await load({ config: './mine.yaml', overrides, cwd });
  expect(fromFile.input).toMatchObject({ distributed: false, hf_path: '/out/False/True' });
  const { input } = await load({ config: './mine.yaml', overrides: [...overrides, 'distributed=auto'], cwd });
  expect(input).toMatchObject({ distributed: 'auto', hf_path: '/out/auto/True' });
  expect(await problemsOf({ overrides: [...GIVEN, 'hf_model=a/b', 'hf_model_id=c/d'] })).toEqual([
    'hf_model and hf_model_id (command line) are the same parameter, and are given different values: keep one',
  ]);
});

test('a tensor of two pipeline stages is an error unless somebody says first, as in the step', async () => {
  expect((await load({ overrides: GIVEN })).input.duplicate_pp_tensor_policy).toBe('error');
  expect((await load({ config: 'tiny', overrides: GIVEN })).input.duplicate_pp_tensor_policy).toBe('first');
});

test('a copy of the configuration of the step is valid as it is', async () => {
  const cwd = await makeFolder({ 'copy.yaml': STEP_DEFAULT });
  const { input } = await load({ config: './copy.yaml', overrides: GIVEN, cwd });
  expect(input).toMatchObject({ ep: 8, save_every_n_ranks: 1, torchrun: { nproc_per_node: 8 } });
  const other = STEP_DEFAULT.replace('nvcr.io/nvidia/nemo:26.04', 'mine:1');
  const changed = await makeFolder({ 'copy.yaml': other });
  expect(await problemsOf({ config: './copy.yaml', overrides: GIVEN, cwd: changed })).toEqual([
    expect.stringContaining(`run.env.container_image (${changed}/copy.yaml:3) is not for a request: image`),
  ]);
  const more = await makeFolder({
    'copy.yaml': STEP_DEFAULT.replace(/(\n +)container_image/, '$1nodes: 8$1container_image'),
  });
  expect(await problemsOf({ config: './copy.yaml', overrides: GIVEN, cwd: more })).toEqual([
    expect.stringContaining(`run.env.nodes (${more}/copy.yaml:3; also run.env.container_image) is not for a request`),
  ]);
});
