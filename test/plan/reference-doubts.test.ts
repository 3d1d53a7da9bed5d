// A reference that would cut trained rows, or give the numbers another meaning: refused when strict, doubted else.
import { describe, expect, it } from 'vitest';
import type { TrainingConfig } from '../../src/checkpoint/types.ts';
import { LLAMA } from '../../src/models/llama.ts';
import { QWEN3 } from '../../src/models/qwen3.ts';
import { compareMeaning } from '../../src/plan/compare-meaning.ts';
import { doubtReference } from '../../src/plan/doubt-reference.ts';
import { judgePadding } from '../../src/plan/judge-padding.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { makeCheckpoint, type Global } from '../support/plan-checkpoint.ts';
import { configOf, makeHuggingFace, makeMegatron, SMALL } from '../support/plan-model.ts';

const recorded = (values: Record<string, unknown>): TrainingConfig => ({ source: 'run_config.yaml', values });

function request(
  config = {},
  training: TrainingConfig | null = null,
  change: (globals: Map<string, Global>) => void = () => {},
) {
  const globals = makeMegatron(SMALL, makeHuggingFace(SMALL));
  change(globals);
  const { checkpoint, stat } = makeCheckpoint(globals);
  return { checkpoint, checkpointStat: stat, family: LLAMA, config: configOf(SMALL, config), training };
}
const STRICT = { strict: true, dtype: 'source', max_shard_size: '5GB' } as const;
const LENIENT = { ...STRICT, strict: false };

describe('vocabulary', () => {
  it('that the run recorded larger is always refused', () => {
    const wrong = request({ vocab_size: 3 }, recorded({ vocab_size: 10 }));
    const mismatch = expect.objectContaining({
      type: 'ReferenceMismatch',
      message: expect.stringMatching(/says 3, the training run recorded 10.*\n.*hf_model_id/s) as string,
    }) as Error;
    for (const input of [STRICT, LENIENT]) expect(() => makePlan({ ...wrong, input })).toThrow(mismatch);
  });

  it('that the run padded otherwise is refused when strict, doubted else', () => {
    const wrong = request({}, recorded({ padded_vocab_size: 24 }));
    expect(() => makePlan({ ...wrong, input: STRICT })).toThrow(/recorded 24 .* has 16 rows/);
    expect(makePlan({ ...wrong, input: LENIENT }).books.vocabularyPadding.rows).toBe(12);
    expect(doubtReference(wrong)).toHaveLength(1);
  });

  it.each([
    ['Llama 2 for Llama 3', 128_256, 32_000],
    ['sixteen added tokens', 32_016, 32_000],
    ['128 added tokens', 32_128, 32_000],
    ['Qwen2.5 tokenizer', 151_936, 151_643],
  ])('more than padding: %s', (_, rows, vocab) => expect(judgePadding(rows, vocab, null)).toHaveLength(1));

  it.each([
    ['GPT-2, TP=1', 50_304, 50_257],
    ['GPT-2, TP=8', 51_200, 50_257],
    ['DeepSeek, 1280 x 8', 133_120, 129_280],
    ['a power of two', 131_072, 128_256],
    ['none', 128_256, 128_256],
  ])('legal padding: %s', (_, rows, vocab) => expect(judgePadding(rows, vocab, null)).toEqual([]));

  it('is judged by the recorded unit', () => {
    const run = { source: 'run_config.yaml', vocab: null, paddedVocab: null, vocabDivisor: 128, tp: 2 } as const;
    expect(judgePadding(131_072, 128_256, run)).toHaveLength(1);
    expect(judgePadding(131_072, 128_256, { ...run, tp: 32 })).toEqual([]);
    expect(judgePadding(131_072, 128_256, { ...run, vocab: 128_256 })).toEqual([]);
  });
});

describe('meaning', () => {
  it.each([
    { layernorm_zero_centered_gamma: true },
    { apply_layernorm_1p: true },
    { rotary_interleaved: true },
    { rotary_percent: 0.5 },
    { normalization: 'LayerNorm' },
    { activation_func: 'torch.nn.functional.gelu' },
    { gated_linear_unit: false },
    { swiglu: false },
    { qk_layernorm: true },
  ])('%j is refused when strict, doubted else', (values) => {
    const wrong = request({}, recorded(values));
    expect(() => makePlan({ ...wrong, input: STRICT })).toThrow(Object.keys(values)[0]);
    expect(doubtReference(wrong)).toHaveLength(1);
    expect(() => makePlan({ ...wrong, input: LENIENT })).not.toThrow();
  });

  it('follows the family', () => {
    expect(
      compareMeaning(QWEN3, recorded({ qk_layernorm: true, activation_func: 'torch.nn.functional.silu' })),
    ).toEqual([]);
    expect(compareMeaning(QWEN3, recorded({ qk_layernorm: false }))).toHaveLength(1);
  });
});

describe('quantized weights', () => {
  const fc2 = 'decoder.layers.mlp.linear_fc2.weight';
  it.each(['F8_E4M3', 'I8', 'U8'] as const)('%s are refused', (dtype) => {
    const wrong = request({}, null, (globals) => {
      const weight = globals.get(fc2);
      if (weight) globals.set(fc2, { ...weight, dtype });
    });
    const error = expect.objectContaining({ type: 'CheckpointUnsupported' }) as Error;
    for (const input of [STRICT, LENIENT]) expect(() => makePlan({ ...wrong, input })).toThrow(error);
  });

  it('and scales are not dropped as bookkeeping', () => {
    const wrong = request({}, null, (globals) => {
      globals.set('decoder.layers.mlp.linear_fc2.weight_quantizer._scale', { shape: [2], data: [1, 1] });
    });
    expect(() => makePlan({ ...wrong, input: STRICT })).toThrow(/weight_quantizer\._scale/);
  });
});

it('keeps the dtype of what a family protects in a cast', () => {
  const family = { ...LLAMA, keepFloat32: ['model.layers.*.input_layernorm.weight'] };
  const plan = makePlan({ ...request(), family, input: { ...STRICT, dtype: 'bfloat16' } });
  const kept = plan.files.flatMap(({ tensors }) => tensors).filter(({ dtype }) => dtype === 'F32');
  expect(kept.map(({ name }) => name)).toEqual([0, 1].map((layer) => `model.layers.${layer}.input_layernorm.weight`));
});

it('takes the spelling of a norm layer by layer', () => {
  const model = { ...SMALL, perLayer: true };
  const globals = makeMegatron(model, makeHuggingFace(model));
  const fused = 'decoder.layers.1.self_attention.linear_qkv.layer_norm_weight';
  const norm = globals.get(fused);
  if (!norm) throw new Error(fused);
  globals.delete(fused);
  globals.set('decoder.layers.1.input_layernorm.weight', norm);
  const { checkpoint, stat } = makeCheckpoint(globals);
  const plan = makePlan({ checkpoint, checkpointStat: stat, family: LLAMA, config: configOf(model), input: STRICT });
  expect(plan.books).toMatchObject({ missing: [], unmapped: [] });
});

it.each([{ num_hidden_layers: 3_000_000 }, { num_attention_heads: 2 ** 40 }, { vocab_size: 2 ** 50 }])(
  'refuses absurd counts before it builds anything: %j',
  (config) => {
    const error = expect.objectContaining({ type: 'ReferenceMismatch' }) as Error;
    expect(() => LLAMA.dimensions(configOf(SMALL, config))).toThrow(error);
  },
);
