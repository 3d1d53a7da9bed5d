// The pattern of layers in its spellings, and what follows from it.
import { describe, expect, it } from 'vitest';
import { NEMOTRON_H } from '../../src/models/nemotron-h.ts';
import { optionalParts } from '../../src/models/registry.ts';
import type { ModelConfig, ModelDimensions } from '../../src/models/types.ts';
import { expectKeys } from '../../src/plan/expect-keys.ts';
import type { ReferenceWeights } from '../../src/reference/types.ts';

const CONFIG = {
  hidden_size: 24,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 8,
  vocab_size: 53,
  mamba_num_heads: 6,
  mamba_head_dim: 4,
  n_groups: 2,
  ssm_state_size: 5,
};
const PATTERN = { hybrid_override_pattern: 'ME*-' };

const dimensionsOf = (more: ModelConfig): ModelDimensions => NEMOTRON_H.dimensions({ ...CONFIG, ...more });
function keysOf(more: ModelConfig): ReadonlyMap<string, readonly number[]> {
  const config = { ...CONFIG, ...more };
  return NEMOTRON_H.expected(NEMOTRON_H.dimensions(config), config);
}

function mtpLayersOf(more: ModelConfig): readonly string[] {
  const names = [...keysOf({ ...PATTERN, ...more }).keys()];
  return [...new Set(names.flatMap((key) => /^mtp\.layers\.\d+/.exec(key)?.[0] ?? []))];
}

describe('the pattern', () => {
  it.each([
    { layers_block_type: ['linear_attention', 'moe', 'full_attention', 'mlp'] },
    { layers_block_type: ['mamba', 'moe', 'attention', 'mlp'] },
    { layers_block_type: ['mamba', 'moe', 'attention', 'mlp'], ...PATTERN },
    { num_hidden_layers: 4, ...PATTERN },
  ])('may be spelled %j', (spelling) => {
    expect([...keysOf(spelling)]).toEqual([...keysOf(PATTERN)]);
    expect(dimensionsOf(spelling)).toMatchObject({ layers: 4, experts: 8 });
  });

  it.each([
    [{}, 'hybrid_override_pattern or layers_block_type must name the block of each layer, found neither'],
    [{ hybrid_override_pattern: '' }, 'hybrid_override_pattern must name at least one layer'],
    [{ hybrid_override_pattern: 7 }, 'hybrid_override_pattern must be a text, found 7'],
    [{ hybrid_override_pattern: 'M|E/*E' }, 'must be made of M, *, -, E, found |, /'],
    [{ hybrid_override_pattern: 'M'.repeat(10_001) }, 'must name at most 10000 layers, found 10001'],
    [{ layers_block_type: ['mamba', 'toString'] }, 'layers_block_type must be made of'],
    [
      { layers_block_type: ['mamba', 'moe'], ...PATTERN },
      'layers_block_type (ME) and hybrid_override_pattern (ME*-) name different layers',
    ],
    [{ num_hidden_layers: 5, ...PATTERN }, 'num_hidden_layers (5) must be the length of the pattern of layers (4)'],
    [
      { num_nextn_predict_layers: 1, mtp_hybrid_override_pattern: '*X', ...PATTERN },
      'mtp_hybrid_override_pattern must be made of',
    ],
  ])('%j is refused', (spelling, message) => expect(() => dimensionsOf(spelling)).toThrow(message));

  it('without experts has none, whatever n_routed_experts says', () => {
    expect(dimensionsOf({ hybrid_override_pattern: 'M-*', n_routed_experts: 4 }).experts).toBeNull();
    const mtp = { num_nextn_predict_layers: 1, mtp_hybrid_override_pattern: 'E' };
    expect(dimensionsOf({ hybrid_override_pattern: 'M-*', n_routed_experts: 4, ...mtp }).experts).toBe(4);
  });
});

describe('blocks for multi-token prediction', () => {
  it('are attention and experts where no pattern is given, as transformers has it', () => {
    const [given, silent] = [{ mtp_layers_block_type: ['attention', 'moe'] }, {}].map((more) => [
      ...keysOf({ ...PATTERN, ...more, num_nextn_predict_layers: 1 }),
    ]);
    expect(silent).toEqual(given);
    expect(dimensionsOf({ ...PATTERN, num_nextn_predict_layers: 1 }).mtpPatternLength).toBe(2);
  });

  it('are stored once for every depth, unless the config says otherwise', () => {
    const depth = { num_nextn_predict_layers: 2, mtp_hybrid_override_pattern: '*E' };
    expect(mtpLayersOf(depth)).toEqual(['mtp.layers.0', 'mtp.layers.1']);
    expect(mtpLayersOf({ ...depth, mtp_use_repeated_layer: false })).toHaveLength(4);
    expect(mtpLayersOf({ mtp_hybrid_override_pattern: '*E' })).toEqual([]);
  });
});

describe('a tied model', () => {
  const config = { ...CONFIG, ...PATTERN, tie_word_embeddings: true };
  const formula = keysOf(config);
  const shapes = [...formula].map(([name, shape]) => [name, { dtype: 'BF16', shape }] as const);
  const expectedWith = (tensors: ReferenceWeights['tensors'] | null): ReadonlySet<string> => {
    const optional = optionalParts(NEMOTRON_H, NEMOTRON_H.dimensions(config));
    const weights = tensors && { tensors, source: 'model.safetensors' };
    const { expected, problems } = expectKeys({ formula, weights, optional, checkpointHas: () => true });
    expect(problems).toEqual([]);
    return new Set(expected.keys());
  };

  it('has an output layer on disk, for transformers ties nothing here', () => {
    expect(expectedWith(null)).toContain('lm_head.weight');
    expect(expectedWith(new Map(shapes))).toContain('lm_head.weight');
  });

  it('has none where the weights of the reference have none', () => {
    const lacking = new Map(shapes.filter(([name]) => name !== 'lm_head.weight'));
    expect(expectedWith(lacking)).not.toContain('lm_head.weight');
  });
});

describe('sizes', () => {
  it('follow older names of the same fields', () => {
    const older = { n_groups: undefined, mamba_n_groups: 2, mamba_d_conv: 3, mamba_conv_bias: false, ...PATTERN };
    const keys = keysOf({ ...older, head_dim: undefined, attention_head_dim: 8 });
    expect([...keys]).toEqual([...keysOf({ conv_kernel: 3, use_conv_bias: false, ...PATTERN })]);
    expect(keys.get('backbone.layers.0.mixer.conv1d.weight')).toEqual([24 + 2 * 2 * 5, 1, 3]);
    expect(keys.has('backbone.layers.0.mixer.conv1d.bias')).toBe(false);
  });

  it('of Nemotron-3-Nano-30B-A3B give its 31.6 billion parameters', () => {
    // Megatron-Bridge `recipes/nemotronh/h100/nemotron_3_nano.py`.
    const nano = {
      hybrid_override_pattern: 'MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME',
      num_hidden_layers: 52,
      hidden_size: 2688,
      intermediate_size: 1856,
      num_attention_heads: 32,
      num_key_value_heads: 2,
      head_dim: 128,
      mamba_num_heads: 64,
      mamba_head_dim: 64,
      n_groups: 8,
      ssm_state_size: 128,
      vocab_size: 131_072,
      n_routed_experts: 128,
      moe_intermediate_size: 1856,
      moe_shared_expert_intermediate_size: 3712,
    };
    const sizes = [...keysOf(nano).values()].map((shape) => shape.reduce((product, axis) => product * axis, 1));
    expect(sizes.length).toBe(6243);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(31_577_940_288);
  });

  it('have a bias in attention only where the reference brings its own code, which alone heeds attention_bias', () => {
    const bias = 'backbone.layers.2.mixer.q_proj.bias';
    expect(keysOf({ ...PATTERN, attention_bias: true }).has(bias)).toBe(false);
    expect(keysOf({ ...PATTERN, attention_bias: true, auto_map: {} }).has(bias)).toBe(true);
  });
});
