// Interleaved gates have the shapes of plain ones: only the record of the run tells.
import { describe, expect, it } from 'vitest';
import type { TrainingConfig } from '../../src/checkpoint/types.ts';
import { findFamily } from '../../src/models/registry.ts';
import { NEMOTRON_H } from '../../src/models/nemotron-h.ts';
import { doubtReference } from '../../src/plan/doubt-reference.ts';
import { judgeInterleave } from '../../src/plan/judge-interleave.ts';

const CONFIG = {
  architectures: ['GptOssForCausalLM'],
  hidden_size: 64,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  num_hidden_layers: 2,
  intermediate_size: 96,
  vocab_size: 100,
};

function doubts(source: TrainingConfig['source'], values: Readonly<Record<string, unknown>>): string[] {
  const family = findFamily(CONFIG);
  if (!family) throw new Error('no family');
  const checkpoint = {
    path: '/ckpt',
    metadataDigest: '',
    iteration: null,
    tensors: new Map(),
    objects: new Map(),
    files: new Map(),
  };
  return doubtReference({ checkpoint, family, config: CONFIG, training: { source, values } });
}

describe('interleaved gates', () => {
  it('are refused in a checkpoint of Megatron-LM, for routed and for shared experts', () => {
    const values = { moe_mlp_glu_interleave_size: 32, moe_shared_expert_glu_interleave_size: 16 };
    expect(doubts('common state args', values)).toEqual([
      expect.stringMatching(/^moe_mlp_glu_interleave_size: the training run recorded 32 \(common state args\)/),
      expect.stringMatching(/^moe_shared_expert_glu_interleave_size: the training run recorded 16/),
    ]);
  });

  it('are refused in a checkpoint of Megatron-Bridge too, which does not put them in order', () => {
    expect(doubts('run_config.yaml', { moe_mlp_glu_interleave_size: 32 })).toEqual([
      expect.stringMatching(/^moe_mlp_glu_interleave_size: the training run recorded 32 \(run_config\.yaml\)/),
    ]);
  });

  it('mean nothing where the family has no gate', () => {
    const values = { moe_mlp_glu_interleave_size: 32 };
    expect(judgeInterleave(NEMOTRON_H, { source: 'run_config.yaml', values })).toEqual([]);
  });

  it('are not there where the option is null or absent', () => {
    expect(doubts('common state args', { moe_mlp_glu_interleave_size: null })).toEqual([]);
    expect(doubts('common state args', {})).toEqual([]);
  });
});
