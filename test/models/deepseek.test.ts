// DeepSeek and its kin: the key sets of the published models, what a training run records of them, and configs that Megatron cannot mean.
import { describe, expect, it } from 'vitest';
import type { TrainingConfig } from '../../src/checkpoint/types.ts';
import { ConversionError } from '../../src/contract/failures.ts';
import { DEEPSEEK_V2 } from '../../src/models/deepseek-v2.ts';
import { DEEPSEEK_V3 } from '../../src/models/deepseek-v3.ts';
import { optionalParts } from '../../src/models/registry.ts';
import type { Family, ModelConfig } from '../../src/models/types.ts';
import { compareFactors, compareMeaning } from '../../src/plan/compare-meaning.ts';
import { compareReference } from '../../src/plan/compare-reference.ts';
import { readTrainingValues } from '../../src/plan/training-values.ts';

/** The fields of the published config.json that decide shapes; what is left out there is left out here. */
const V3: ModelConfig = {
  hidden_size: 7168,
  intermediate_size: 18432,
  moe_intermediate_size: 2048,
  num_hidden_layers: 61,
  num_attention_heads: 128,
  num_key_value_heads: 128,
  n_shared_experts: 1,
  n_routed_experts: 256,
  first_k_dense_replace: 3,
  q_lora_rank: 1536,
  kv_lora_rank: 512,
  qk_nope_head_dim: 128,
  qk_rope_head_dim: 64,
  v_head_dim: 128,
  vocab_size: 129_280,
  num_nextn_predict_layers: 1,
};
const KIMI_K2: ModelConfig = {
  ...V3,
  num_attention_heads: 64,
  num_key_value_heads: 64,
  n_routed_experts: 384,
  first_k_dense_replace: 1,
  vocab_size: 163_840,
  num_nextn_predict_layers: 0,
};
const V2: ModelConfig = {
  ...V3,
  hidden_size: 5120,
  intermediate_size: 12_288,
  moe_intermediate_size: 1536,
  num_hidden_layers: 60,
  n_shared_experts: 2,
  n_routed_experts: 160,
  first_k_dense_replace: 1,
  vocab_size: 102_400,
};
const V2_LITE: ModelConfig = {
  ...V2,
  hidden_size: 2048,
  intermediate_size: 10_944,
  moe_intermediate_size: 1408,
  num_hidden_layers: 27,
  num_attention_heads: 16,
  num_key_value_heads: 16,
  n_routed_experts: 64,
  q_lora_rank: null,
};
const MOONLIGHT: ModelConfig = {
  ...V2_LITE,
  intermediate_size: 11_264,
  vocab_size: 163_840,
  num_nextn_predict_layers: 0,
};

const expectedOf = (family: Family, config: ModelConfig): ReadonlyMap<string, readonly number[]> =>
  family.expected(family.dimensions(config), config);

function countParameters(keys: Iterable<readonly [string, readonly number[]]>): number {
  let sum = 0;
  for (const [, shape] of keys) sum += shape.reduce((product, size) => product * size, 1);
  return sum;
}

describe('the key set', () => {
  // Totals of the safetensors on the hub, as its model cards show them; 671.0 B of V3 are without the layer for multi-token prediction.
  it.each([
    ['DeepSeek-V2', DEEPSEEK_V2, V2, 235.7],
    ['DeepSeek-V2-Lite', DEEPSEEK_V2, V2_LITE, 15.7],
    ['DeepSeek-V3', DEEPSEEK_V3, V3, 684.5],
    ['Moonlight-16B-A3B', DEEPSEEK_V3, MOONLIGHT, 16.0],
    ['Kimi-K2', DEEPSEEK_V3, KIMI_K2, 1026.4],
  ])('of %s has the published number of parameters', (_, family, config, billions) => {
    expect(countParameters(expectedOf(family, config)) / 1e9).toBeCloseTo(billions, 1);
  });

  it('of V3 without layer 61 is the model of the paper, and layer 61 falls apart into its two optional parts', () => {
    const expected = [...expectedOf(DEEPSEEK_V3, V3)];
    const behind = expected.filter(([name]) => name.startsWith('model.layers.61.'));
    expect(countParameters(expected.filter((entry) => !behind.includes(entry))) / 1e9).toBeCloseTo(671.0, 1);
    const parts = optionalParts(DEEPSEEK_V3, DEEPSEEK_V3.dimensions(V3));
    expect(parts.map(({ name }) => name)).toEqual(['mtp', 'mtp copies']);
    const owned = expected.map(([name]) => parts.filter(({ keys }) => keys.test(name)).length);
    expect(owned).toEqual(expected.map(([name]) => (name.startsWith('model.layers.61.') ? 1 : 0)));
    const [, copies] = parts;
    expect(behind.map(([name]) => name).filter((name) => copies?.keys.test(name))).toEqual([
      'model.layers.61.embed_tokens.weight',
      'model.layers.61.shared_head.head.weight',
    ]);
  });

  it('has no correction of the scores in V2, and no latent for queries in the Lite one', () => {
    const v2 = [...expectedOf(DEEPSEEK_V2, V2).keys()];
    const lite = [...expectedOf(DEEPSEEK_V2, V2_LITE).keys()];
    expect(v2.filter((name) => name.includes('correction'))).toEqual([]);
    expect(v2).toContain('model.layers.0.self_attn.q_a_layernorm.weight');
    expect(lite.filter((name) => /q_[ab]_/.test(name))).toEqual([]);
    expect(expectedOf(DEEPSEEK_V2, V2_LITE).get('model.layers.0.self_attn.q_proj.weight')).toEqual([16 * 192, 2048]);
  });
});

/** What Megatron-Bridge's provider for V3 writes into run_config.yaml: `kv_channels` is the rotary part, which is idle. */
const BRIDGE_V3: TrainingConfig = {
  source: 'run_config.yaml',
  values: {
    num_layers: 61,
    hidden_size: 7168,
    ffn_hidden_size: 18_432,
    num_attention_heads: 128,
    num_query_groups: 128,
    kv_channels: 64,
    multi_latent_attention: true,
    q_lora_rank: 1536,
    kv_lora_rank: 512,
    qk_head_dim: 128,
    qk_pos_emb_head_dim: 64,
    v_head_dim: 128,
    qk_layernorm: true,
    normalization: 'RMSNorm',
    layernorm_zero_centered_gamma: false,
    gated_linear_unit: true,
    activation_func: 'torch.nn.functional.silu',
    position_embedding_type: 'rope',
    rotary_percent: 1,
    rotary_interleaved: false,
    attention_output_gate: false,
    moe_router_score_function: 'sigmoid',
    moe_router_pre_softmax: true,
    share_embeddings_and_output_weights: false,
  },
};

/** The same by Megatron-LM's arguments, whose `num_query_groups` is 1 and whose `kv_channels` is 7168 / 128. */
const MEGATRON_LM_V3: TrainingConfig = {
  source: 'common state args',
  values: {
    ...BRIDGE_V3.values,
    num_query_groups: 1,
    group_query_attention: false,
    kv_channels: 56,
    share_embeddings_and_output_weights: undefined,
    untie_embeddings_and_output_weights: true,
    position_embedding_type: 'rope',
    swiglu: true,
  },
};

/** Every sentence that a recorded run gets about this config; no tensors, so shapes say nothing. */
function doubtsOf(family: Family, config: ModelConfig, training: TrainingConfig): string[] {
  const index = { prefix: '', byPattern: new Map([['output_layer.weight', []]]) };
  return [
    ...compareReference(index, family.dimensions(config), readTrainingValues(training), true),
    ...compareMeaning(family, training),
    ...compareFactors(family, config, training),
  ];
}

describe('what the training run recorded', () => {
  it.each([
    ['Megatron-Bridge', BRIDGE_V3],
    ['Megatron-LM', MEGATRON_LM_V3],
  ])('of %s agrees with the published config', (_, training) => {
    expect(doubtsOf(DEEPSEEK_V3, V3, training)).toEqual([]);
  });

  it('tells parts of a head apart that have the same sum', () => {
    const swapped = { ...V3, qk_nope_head_dim: 64, qk_rope_head_dim: 128 };
    expect(doubtsOf(DEEPSEEK_V3, swapped, BRIDGE_V3)).toEqual([
      'qk_head_dim: config.json calls for 64, the training run recorded 128 (run_config.yaml)',
      'qk_pos_emb_head_dim: config.json calls for 128, the training run recorded 64 (run_config.yaml)',
    ]);
  });

  it('tells the heads of values and the scores of the router', () => {
    const values = { ...BRIDGE_V3.values, v_head_dim: 64, moe_router_score_function: 'softmax' };
    const doubts = doubtsOf(DEEPSEEK_V3, V3, { ...BRIDGE_V3, values });
    expect(doubts).toHaveLength(2);
    expect(doubts[0]).toContain('config.json says 128, the training run recorded 64 (run_config.yaml)');
    expect(doubts[1]).toBe(
      'moe_router_score_function: family deepseek-v3 needs sigmoid, the training run recorded softmax (run_config.yaml)',
    );
  });
});

describe('a config that Megatron cannot mean', () => {
  it('is refused with all of it', () => {
    const config = { ...V3, attention_bias: true, rope_interleave: false, kv_lora_rank: 0, n_shared_experts: 'two' };
    try {
      DEEPSEEK_V3.dimensions(config);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConversionError);
      expect((error as ConversionError).problems).toEqual([
        "config.json: attention_bias must be false, found true: Megatron's latent attention has no biases",
        'config.json: rope_interleave must be true, found false: Megatron keeps the rotary dimensions in pairs',
        'config.json: kv_lora_rank must be a positive integer, found 0',
        'config.json: n_shared_experts must be a positive integer, found "two"',
      ]);
    }
  });
});
