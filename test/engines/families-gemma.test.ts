// Gemma 2 and 3: every layout, hand-made or Megatron's own, gives the original's bytes; transformers loads what comes out, and computes what
// Megatron computes.
import { describe, expect, it } from 'vitest';
import { expectSoundLoad, loadWithTransformers } from '../support/family-export.ts';
import { caseNames } from '../support/family-fixtures.ts';
import { planWith } from '../support/family-plan.ts';
import { MINUTES, proveLayouts } from '../support/family-suite.ts';

const CASES = caseNames('gemma');
const { fixtureOf, parent, exported } = proveLayouts(CASES);

it.each(['gemma2', 'gemma3'])('%s has layouts by Megatron itself, cut over tensor and pipeline ranks', (name) => {
  const layouts = fixtureOf(name).layouts.map((layout) => layout.name);
  expect(layouts).toEqual(
    expect.arrayContaining(['layer-axis', 'singleton', 'real-tp2', 'real-pp2', 'real-singleton']),
  );
});

it('transformers loads every export, and computes what Megatron computes', { timeout: 5 * MINUTES }, async () => {
  const loaded = await loadWithTransformers(exported);
  expect(loaded.length).toBeGreaterThan(2 * CASES.length);
  for (const [index, report] of loaded.entries()) {
    expectSoundLoad(report);
    expect(report.megatron === null).toBe(exported[index]?.name === 'gemma3-untied');
  }
});

describe('a config that does not fit is told with both values', () => {
  it.each([
    ['gemma2', { head_dim: 16 }, 'num_attention_heads: config.json says 4, the checkpoint has 2'],
    ['gemma2', { num_key_value_heads: 4 }, 'num_key_value_heads: config.json says 4, the checkpoint has 2'],
    ['gemma2', { intermediate_size: 48 }, 'intermediate_size: config.json says 48, the checkpoint has 40'],
    ['gemma2', { tie_word_embeddings: false }, 'tie_word_embeddings: config.json says false'],
    ['gemma3', { attention_bias: true }, 'self_attn.q_proj.bias'],
    ['gemma3', { architectures: ['Gemma2ForCausalLM'] }, 'family gemma2 needs false, the training run recorded true'],
    ['gemma3', { architectures: ['Qwen3ForCausalLM'] }, 'family qwen3 needs false, the training run recorded true'],
    ['gemma3-untied', { tie_word_embeddings: true }, 'tie_word_embeddings: config.json says true'],
  ])('%s %j', async (name, change, message) => {
    await expect(planWith(fixtureOf(name), 'layer-axis', change, parent())).rejects.toThrow(message);
  });
});
