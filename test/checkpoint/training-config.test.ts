import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import { readRunConfig, readTrainingConfig } from '../../src/checkpoint/training-config.ts';
import type { TrainingConfig } from '../../src/checkpoint/types.ts';
import { copyFixture } from '../support/checkpoint-fixtures.ts';

async function withRunConfig(yaml: string): Promise<TrainingConfig | null> {
  const path = await copyFixture('core-0.19');
  await writeFile(join(path, 'run_config.yaml'), yaml);
  return readTrainingConfig(await readCheckpoint(path));
}

test('Megatron-LM args', async () => {
  const config = await readTrainingConfig(await readCheckpoint(await copyFixture('core-0.16')));
  expect(config?.source).toBe('common state args');
  expect(config?.values).toMatchObject({
    num_layers: 2,
    hidden_size: 32,
    num_query_groups: 2,
    tensor_model_parallel_size: expect.any(Number) as number,
  });
  expect(JSON.parse(JSON.stringify(config?.values))).toEqual(config?.values);
});

test('run_config.yaml of Megatron-Bridge', async () => {
  const config = await readTrainingConfig(await readCheckpoint(await copyFixture('core-0.19')));
  expect(config?.source).toBe('run_config.yaml');
  expect(config?.values).toMatchObject({
    ffn_hidden_size: 64,
    activation_func: 'torch.nn.functional.silu',
    expert_tensor_parallel_size: null,
  });
});

test('_target_ encodings, anchors and builder-style models', async () => {
  const config = await withRunConfig(`
model:
  _target_: megatron.bridge.models.gpt.GPTModelConfig
  _builder_: megatron.bridge.models.gpt.GPTModelBuilder
  extra_checkpoint_metadata: {hf_model_id: Qwen/Qwen3-8B}
  transformer:
    _target_: megatron.core.transformer.TransformerConfig
    num_layers: 36
    params_dtype: &dtype {_target_: torch.bfloat16, _call_: false}
    pipeline_dtype: *dtype
    attention_backend: {_target_: megatron.core.transformer.enums.AttnBackend, _call_: true, _args_: [5], _name_: auto}
    init_method: {_target_: torch.nn.init.normal_, _partial_: true, _args_: [], std: 0.02}
`);
  expect(config?.values).toMatchObject({
    _target_: 'megatron.bridge.models.gpt.GPTModelConfig',
    num_layers: 36,
    hf_model_id: 'Qwen/Qwen3-8B',
    params_dtype: 'torch.bfloat16',
    pipeline_dtype: 'torch.bfloat16',
    attention_backend: 'auto',
    init_method: { _target_: 'torch.nn.init.normal_', std: 0.02 },
  });
});

test.each([
  ['not YAML', 'model: [1, 2'],
  ['no model', 'train: {x: 1}'],
  ['a list', '- 1'],
  [
    'a billion laughs',
    `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nmodel: {d: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]}`,
  ],
  ['endless nesting', `model: ${'['.repeat(60)}${']'.repeat(60)}`],
])('%s is damage', async (_, yaml) => {
  await expect(withRunConfig(yaml)).rejects.toMatchObject({ type: 'CheckpointDamaged' });
});

test('a custom YAML tag is data', async () => {
  expect(
    (await withRunConfig('model: {num_layers: 2, hook: !!python/object/apply:os.system ["true"]}'))?.values,
  ).toMatchObject({ num_layers: 2 });
});

test('a run that recorded nothing', async () => {
  const path = await copyFixture('core-0.16');
  await rm(join(path, 'common.pt'));
  expect(await readTrainingConfig(await readCheckpoint(path))).toBeNull();
  expect(await readRunConfig(path)).toBeNull();
});

const lines = (count: number): string =>
  Array.from({ length: count }, (_, index) => `  key_${index}: ${index}`).join('\n');

test('a large run_config.yaml is read in time, a larger one is refused, and equal keys are as for PyYAML', async () => {
  const started = performance.now();
  const config = await withRunConfig(`model:\n${lines(50_000)}\n  num_layers: 1\n  num_layers: 2\n`);
  expect(config?.values).toMatchObject({ num_layers: 2, key_49999: 49_999 });
  // In the square of the number of keys it took a minute.
  expect(performance.now() - started).toBeLessThan(20_000);
  await expect(withRunConfig(`model:\n${lines(70_000)}\n`)).rejects.toMatchObject({ type: 'CheckpointUnsupported' });
});
