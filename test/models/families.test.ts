// The tables: found by architecture, dimensions read from config.json, and every expected key has a row that gives it.
import { describe, expect, it } from 'vitest';
import { ConversionError } from '../../src/contract/failures.ts';
import { DROP_RULES, findDrop } from '../../src/models/drops.ts';
import { FAMILIES, findFamily, optionalParts } from '../../src/models/registry.ts';

const CONFIG = {
  hidden_size: 64,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  num_hidden_layers: 2,
  intermediate_size: 96,
  vocab_size: 100,
};
/** What a family needs besides. */
const MORE: Readonly<Record<string, object>> = {
  decilm: {
    block_configs: [
      { attention: { n_heads_in_group: 2 }, ffn: { replace_with_linear: true } },
      { attention: { replace_with_linear: true }, ffn: { ffn_mult: 2 } },
    ],
  },
  'nemotron-h': { num_hidden_layers: 4, hybrid_override_pattern: 'ME*-' },
};
const WITH_MTP = { num_nextn_predict_layers: 1 };

/** Settings that Megatron has no counterpart for. */
const REFUSES: Readonly<Record<string, readonly string[]>> = {
  'deepseek-v2': ['attention_bias', 'mlp_bias'],
  'deepseek-v3': ['attention_bias', 'mlp_bias'],
  olmo2: ['attention_bias'],
  olmo3: ['attention_bias'],
};

describe('findFamily', () => {
  it.each([
    ['DeciLMForCausalLM', 'decilm'],
    ['DeepseekV2ForCausalLM', 'deepseek-v2'],
    ['DeepseekV3ForCausalLM', 'deepseek-v3'],
    ['Glm4ForCausalLM', 'glm4'],
    ['Glm4MoeForCausalLM', 'glm4-moe'],
    ['Gemma2ForCausalLM', 'gemma2'],
    ['Gemma3ForCausalLM', 'gemma3'],
    ['GptOssForCausalLM', 'gpt-oss'],
    ['LlamaForCausalLM', 'llama'],
    ['MistralForCausalLM', 'mistral'],
    ['MixtralForCausalLM', 'mixtral'],
    ['NemotronForCausalLM', 'nemotron'],
    ['NemotronHForCausalLM', 'nemotron-h'],
    ['Olmo2ForCausalLM', 'olmo2'],
    ['Olmo3ForCausalLM', 'olmo3'],
    ['Qwen2ForCausalLM', 'qwen2'],
    ['Qwen2MoeForCausalLM', 'qwen2-moe'],
    ['Qwen3ForCausalLM', 'qwen3'],
    ['Qwen3MoeForCausalLM', 'qwen3-moe'],
    ['Qwen3NextForCausalLM', 'qwen3-next'],
    ['Qwen3_5ForCausalLM', 'qwen3.5'],
    ['Qwen3_5MoeForCausalLM', 'qwen3.5-moe'],
  ])('%s', (architecture, name) => expect(findFamily({ architectures: [architecture] })?.name).toBe(name));

  it('knows nothing of others, nor of configs without architectures', () => {
    expect(findFamily({ architectures: ['Phi3ForCausalLM'] })).toBeNull();
    expect(findFamily({ model_type: 'llama' })).toBeNull();
    expect(findFamily({ architectures: 'LlamaForCausalLM' })).toBeNull();
  });
});

/** Megatron keys that fill more than one tensor: transformers does not tie Nemotron-H, and MTP layers repeat both ends of the decoder. */
const COPIED: Readonly<Record<string, readonly string[]>> = {
  'deepseek-v3': ['embedding.word_embeddings.weight', 'output_layer.weight'],
  'glm4-moe': ['embedding.word_embeddings.weight', 'output_layer.weight'],
  'nemotron-h': ['embedding.word_embeddings.weight'],
};

describe.each(FAMILIES)('$name', (family) => {
  it('names each Megatron key once, and each Hugging Face key at most for two spellings', () => {
    const from = family.rules.flatMap((rule) => rule.from.flat());
    const again = from.filter((key, k) => from.indexOf(key) !== k);
    expect([...new Set(again)].sort()).toEqual(COPIED[family.name] ?? []);
  });

  it.each([{}, { attention_bias: true }, { mlp_bias: true }, { tie_word_embeddings: true }, WITH_MTP])(
    'has a row for every expected key: %j',
    (more) => {
      const config = { ...CONFIG, ...MORE[family.name], ...more };
      const refused = REFUSES[family.name]?.find((field) => field in more);
      if (refused) {
        expect(() => family.dimensions(config)).toThrow(`${refused} must be false, found true`);
        return;
      }
      const given = new Set(family.rules.flatMap((rule) => rule.to));
      const dimensions = family.dimensions(config);
      for (const key of family.expected(dimensions, config).keys()) {
        expect(given).toContain(key.replace(/layers\.\d+/, 'layers.*').replace(/experts\.\d+/, 'experts.{e}'));
      }
    },
  );

  it('keeps its keys apart from the general rules, but for parts that may be left out', () => {
    const parts = optionalParts(family, family.dimensions({ ...CONFIG, ...MORE[family.name], ...WITH_MTP }));
    for (const key of family.rules.flatMap((rule) => rule.from.flat())) {
      if (!parts.some(({ sources }) => sources?.test(key))) expect(findDrop(key), key).toBeNull();
    }
  });

  it('names every unusable field of config.json', () => {
    const config = {
      ...CONFIG,
      ...MORE[family.name],
      hidden_size: 0,
      vocab_size: '100',
      num_hidden_layers: undefined,
      tie_word_embeddings: 'no',
    };
    try {
      family.dimensions(config);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConversionError);
      expect((error as ConversionError).type).toBe('ReferenceMismatch');
      expect([...(error as ConversionError).problems].sort()).toEqual([
        'config.json: hidden_size must be a positive integer, found 0',
        // The length of the pattern says it too.
        ...(family.name === 'nemotron-h'
          ? []
          : ['config.json: num_hidden_layers must be a positive integer, found nothing']),
        'config.json: tie_word_embeddings must be true or false, found "no"',
        'config.json: vocab_size must be a positive integer, found "100"',
      ]);
    }
  });
});

const dimensionsOf = (name: string, more: object): unknown =>
  FAMILIES.find((family) => family.name === name)?.dimensions({ ...CONFIG, ...more });

describe('dimensions', () => {
  it('derive what config.json leaves out as transformers does', () => {
    expect(dimensionsOf('llama', { num_key_value_heads: null })).toMatchObject({ queryGroups: 4, headDim: 16 });
    expect(dimensionsOf('mistral', { head_dim: 32 })).toMatchObject({ headDim: 32, tied: false });
    expect(dimensionsOf('qwen3', {})).toMatchObject({ headDim: 128 });
    expect(dimensionsOf('qwen3', { head_dim: 8, tie_word_embeddings: true })).toMatchObject({ headDim: 8, tied: true });
  });

  it('refuse heads that the groups do not divide', () => {
    expect(() => dimensionsOf('llama', { num_key_value_heads: 3 })).toThrow(
      'num_attention_heads (4) must be a multiple of num_key_value_heads (3)',
    );
  });
});

describe('the general rules', () => {
  it.each([
    ['optimizer.state.exp_avg.decoder.layers.mlp.linear_fc1.weight', 'optimizer'],
    ['optimizer', 'optimizer'],
    ['chained_1.optimizer.distributed.dp_group_idx_0.gbuf_idx_0.dtype_0.bucket_idx_0.param', 'optimizer'],
    ['rng_state/shard_0.0_1.1', 'rng'],
    ['decoder.layers.mlp.experts.experts.linear_fc1._extra_state/shard_0.2_4.4', 'extra state'],
    ['rerun_state_machine_state/shard_0_1', 'rerun state'],
    ['common_state/shard_0_1', 'common state'],
    ['opt_param_scheduler', 'scheduler'],
    ['decoder.layers.self_attention.linear_qkv.input_quantizer._amax', 'quantizer state'],
    ['mtp.layers.0.transformer_layer.mlp.linear_fc1.weight', 'mtp'],
    ['module.mtp.layers.0.enorm.weight', 'mtp'],
  ])('%s: %s', (key, name) => expect(findDrop(key)?.name).toBe(name));

  it.each([
    'decoder.layers.mlp.linear_fc1.weight',
    'optimizers.weight',
    'my_optimizer',
    'decoder.mtp.weight',
    'rng_statement',
  ])('say nothing about %s', (key) => expect(findDrop(key)).toBeNull());

  it('have names of their own', () => expect(new Set(DROP_RULES.map(({ name }) => name)).size).toBe(DROP_RULES.length));
});
