// Recorded settings that no field of config.json expresses: equal shapes, another model.
import { describe, expect, it } from 'vitest';
import { DEEPSEEK_V3 } from '../../src/models/deepseek-v3.ts';
import { GEMMA2 } from '../../src/models/gemma2.ts';
import { GPT_OSS } from '../../src/models/gpt-oss.ts';
import { LLAMA } from '../../src/models/llama.ts';
import { NEMOTRON_H } from '../../src/models/nemotron-h.ts';
import { QWEN3_MOE } from '../../src/models/qwen3-moe.ts';
import type { Family } from '../../src/models/types.ts';
import { compareMeaning } from '../../src/plan/compare-meaning.ts';

const judge = (family: Family, values: Readonly<Record<string, unknown>>): string[] =>
  compareMeaning(family, { source: 'run_config.yaml', values });

describe('a run that the config cannot describe', () => {
  it.each([
    [LLAMA, { no_rope_freq: 4 }, 'no_rope_freq: family llama needs 0 or false, the training run recorded 4'],
    [LLAMA, { no_rope_freq: [0, 1] }, 'no_rope_freq: family llama needs 0 or false, the training run recorded [0,1]'],
    [LLAMA, { glu_linear_offset: 1 }, 'glu_linear_offset: family llama needs 0, the training run recorded 1'],
    [
      LLAMA,
      { activation_func_clamp_value: 7 },
      'activation_func_clamp_value: family llama needs none, the training run',
    ],
    [LLAMA, { softmax_scale: 0.01 }, 'softmax_scale: family llama needs none, the training run recorded 0.01'],
    [LLAMA, { attn_logit_softcapping: 50 }, 'attn_logit_softcapping: family llama needs 0'],
    [GPT_OSS, { no_rope_freq: 4 }, 'no_rope_freq: family gpt-oss needs 0 or false'],
    [GPT_OSS, { softmax_scale: 0.01 }, 'softmax_scale: family gpt-oss needs none'],
    [GPT_OSS, { moe_router_topk_scaling_factor: 2.5 }, 'moe_router_topk_scaling_factor: family gpt-oss needs 1'],
    [NEMOTRON_H, { softmax_scale: 0.01 }, 'softmax_scale: family nemotron-h needs none'],
    [NEMOTRON_H, { activation_func_clamp_value: 7 }, 'activation_func_clamp_value: family nemotron-h needs none'],
    [QWEN3_MOE, { moe_router_topk_scaling_factor: 2.5 }, 'moe_router_topk_scaling_factor: family qwen3-moe needs 1'],
  ])('%#', (family, values, message) => {
    expect(judge(family, values)).toEqual([expect.stringContaining(message)]);
  });

  it('is not seen in what is neutral, null or expressible', () => {
    const neutral = {
      no_rope_freq: null,
      glu_linear_offset: 0,
      activation_func_clamp_value: null,
      softmax_scale: null,
      moe_router_topk_scaling_factor: null,
    };
    for (const family of [LLAMA, QWEN3_MOE]) expect(judge(family, neutral)).toEqual([]);
    expect(judge(GEMMA2, { softmax_scale: 0.0625, attn_logit_softcapping: 50, final_logit_softcapping: 30 })).toEqual(
      [],
    );
    expect(judge(GPT_OSS, { ...neutral, glu_linear_offset: 1, activation_func_clamp_value: 7 })).toEqual([]);
    expect(judge(NEMOTRON_H, { ...neutral, moe_router_topk_scaling_factor: 2.5 })).toEqual([]);
    expect(judge(DEEPSEEK_V3, { moe_router_topk_scaling_factor: 2.5 })).toEqual([]);
  });
});
