// The checkpoints of full-size.test.ts are not what someone thinks that megatron-core stores: they are held against megatron-core itself.
import { expect, it } from 'vitest';
import { compareWithCore } from '../support/full-size.ts';

it('keys, shapes, dtypes and chunks are those of sharded_state_dict, of every rank, for all models', () => {
  const models = ['llama-3.1-405b', 'qwen3-235b-a22b', 'gpt-oss-120b', 'nemotron-3-nano-30b-a3b', 'deepseek-v3'];
  expect(compareWithCore(models).trim().split('\n')).toEqual([
    'llama: 9 tensors, 53 chunks, 0 differences',
    'qwen3_moe: 12 tensors, 1577 chunks, 0 differences',
    'gpt_oss: 16 tensors, 3129 chunks, 0 differences',
    'nemotron_h: 47 tensors, 339 chunks, 0 differences',
    'deepseek_v3: 70 tensors, 1640 chunks, 0 differences',
  ]);
});
