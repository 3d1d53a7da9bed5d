// Nemotron-4 and the heterogeneous Llama-Nemotron: every layout, hand-made or Megatron's own, gives the original's bytes; transformers, where
// it has the architecture, loads what comes out and computes what Megatron computes.
import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../src/models/types.ts';
import { expectSoundLoad, loadWithTransformers } from '../support/family-export.ts';
import { caseNames } from '../support/family-fixtures.ts';
import { planWith } from '../support/family-plan.ts';
import { MINUTES, proveLayouts } from '../support/family-suite.ts';

const CASES = [...caseNames('nemotron'), ...caseNames('decilm')];
const { fixtureOf, parent, exported } = proveLayouts(CASES);

it.each(CASES)('%s has layouts by Megatron itself', (name) => {
  expect(fixtureOf(name).layouts.map((layout) => layout.name)).toEqual(
    expect.arrayContaining(['singleton', 'local-spec', 'real-tp2', 'real-pp2', 'real-singleton']),
  );
});

it('transformers loads Nemotron, and computes what Megatron computes', { timeout: 5 * MINUTES }, async () => {
  // It has no DeciLM: published models bring their own code.
  const known = exported.filter(({ name }) => name !== 'decilm');
  const loaded = await loadWithTransformers(known);
  expect(loaded.length).toBeGreaterThanOrEqual(12);
  for (const report of loaded) {
    expect(report.megatron).not.toBeNull();
    expectSoundLoad(report);
  }
});

const BLOCKS = [
  { attention: { n_heads_in_group: 2 }, ffn: { ffn_mult: 10 } },
  { attention: { no_op: true }, ffn: { ffn_mult: 20 } },
  { attention: { replace_with_linear: true }, ffn: { replace_with_linear: true } },
  { attention: { n_heads_in_group: 1 }, ffn: { no_op: true } },
] as const;

const changed = (layer: number, block: object): ModelConfig => ({
  block_configs: BLOCKS.map((one, index) => (index === layer ? { ...one, ...block } : one)),
});

it('layers of DeciLM may be named by their sizes too', async () => {
  const [, ...others] = BLOCKS;
  const block_configs = [{ attention: { num_query_groups: 2 }, ffn: { ffn_hidden_size: 256 } }, ...others];
  const { books } = await planWith(fixtureOf('decilm'), 'per-layer', { block_configs }, parent());
  expect(books.produced).toBe(Object.keys(fixtureOf('decilm').expected).length);
});

describe('a config that does not fit is told with both values', () => {
  it.each([
    ['nemotron', { head_dim: 16 }, 'num_attention_heads: config.json says 4, the checkpoint has 2'],
    ['nemotron', { intermediate_size: 48 }, 'intermediate_size: config.json says 48, the checkpoint has 40'],
    ['nemotron', { mlp_bias: true }, 'mlp.up_proj.bias'],
    ['nemotron-biases', { attention_bias: false }, 'self_attention.linear_qkv.bias'],
    [
      'nemotron',
      { architectures: ['LlamaForCausalLM'] },
      'family llama needs RMSNorm, the training run recorded LayerNorm',
    ],
    ['decilm', { num_hidden_layers: 5 }, 'block_configs must name 5 layers (num_hidden_layers), found 4'],
    ['decilm', { block_configs: null }, 'block_configs must name the parts of each layer, found none'],
    [
      'decilm',
      changed(0, { attention: { n_heads_in_group: 3 } }),
      'n_heads_in_group must divide num_attention_heads (4), found 3',
    ],
    ['decilm', changed(0, { ffn: {} }), 'block_configs[0].ffn: ffn_mult must be a number, found nothing'],
    ['decilm', changed(1, { ffn: { moe: { num_experts: 4 } } }), 'block_configs[1].ffn.moe'],
    ['decilm', changed(0, { attention: { n_heads_in_group: 4 } }), 'num_key_value_heads 1'],
    ['decilm', changed(1, { ffn: { ffn_mult: 10 } }), 'config.json calls for [256, 24]'],
    ['decilm', changed(1, { ffn: { no_op: true } }), 'decoder.layers.1.mlp.linear_fc1.weight'],
    ['decilm', changed(2, { attention: { no_op: true } }), 'decoder.layers.2.self_attention.weight'],
    ['decilm', changed(3, { ffn: { ffn_mult: 10 } }), 'model.layers.3.mlp.gate_proj.weight'],
  ])('%s %j', async (name, change, message) => {
    await expect(planWith(fixtureOf(name), 'local-spec', change, parent())).rejects.toThrow(message);
  });
});
