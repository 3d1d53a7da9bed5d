// The books: what is left over is named, with shape and the nearest rule, and a strict run stops.
import { describe, expect, it } from 'vitest';
import { ConversionError } from '../../src/contract/failures.ts';
import { LLAMA } from '../../src/models/llama.ts';
import { QWEN3_MOE } from '../../src/models/qwen3-moe.ts';
import type { Family } from '../../src/models/types.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/types.ts';
import { makeCheckpoint, type Global } from '../support/plan-checkpoint.ts';
import { configOf, makeHuggingFace, makeMegatron, SMALL, type ModelShape } from '../support/plan-model.ts';

const matrix = (...shape: number[]): Global => ({
  shape,
  data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0),
});

function plan(
  change: (globals: Map<string, Global>) => void,
  {
    model = SMALL,
    config = {},
    strict = true,
    objects = [] as string[],
    family = LLAMA,
  }: {
    model?: ModelShape;
    config?: Record<string, unknown>;
    strict?: boolean;
    objects?: string[];
    family?: Family;
  } = {},
): Plan {
  const globals = makeMegatron(model, makeHuggingFace(model));
  change(globals);
  const { checkpoint, stat } = makeCheckpoint(globals, undefined, objects);
  return makePlan({
    checkpoint,
    checkpointStat: stat,
    family,
    config: configOf(model, config),
    input: { strict, dtype: 'source', max_shard_size: '5GB' },
  });
}

function failure(work: () => unknown): ConversionError {
  try {
    work();
  } catch (error) {
    if (error instanceof ConversionError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the books', () => {
  it('list every unknown tensor of a strict run with its shape and the nearest rule', () => {
    const error = failure(() =>
      plan((globals) => {
        globals.set('decoder.layers.mlp.linear_fc3.weight', matrix(2, 8, 6));
        globals.set('vision_model.patches', matrix(3, 3));
      }),
    );
    expect(error.type).toBe('BooksNotClosed');
    expect(error.problems).toEqual([
      'decoder.layers.mlp.linear_fc3.weight F32 [2, 8, 6]: no rule of family llama takes it; ' +
        'the nearest rule is decoder.layers.*.mlp.linear_fc1.weight',
      'vision_model.patches F32 [3, 3]: no rule of family llama takes it; no rule is near',
    ]);
    for (const problem of error.problems) expect(error.message).toContain(problem);
  });

  it('put the same tensor of many layers into one line', () => {
    const error = failure(() =>
      plan(
        (globals) => {
          for (const layer of [0, 1]) globals.set(`decoder.layers.${layer}.mlp.router.weight`, matrix(4, 8));
        },
        { model: { ...SMALL, perLayer: true } },
      ),
    );
    expect(error.problems).toEqual([
      expect.stringMatching(/^decoder\.layers\.\*\.mlp\.router\.weight \(2 tensors\) F32 \[4, 8\]: no rule/),
    ]);
  });

  it('name what would have given an expected tensor that is missing', () => {
    const error = failure(() => plan((globals) => globals.delete('decoder.layers.mlp.linear_fc1.layer_norm_weight')));
    expect(error.problems).toEqual([
      'model.layers.*.post_attention_layernorm.weight (2 tensors) [8]: expected, but the checkpoint has no ' +
        'decoder.layers.*.mlp.linear_fc1.layer_norm_weight or decoder.layers.*.pre_mlp_layernorm.weight',
    ]);
  });

  it('do not take a bias that the config does not call for, nor miss one that it does', () => {
    const surplus = failure(() =>
      plan(() => undefined, { model: { ...SMALL, bias: true }, config: { attention_bias: false } }),
    );
    expect(surplus.problems).toEqual([
      expect.stringContaining('linear_qkv.bias F32 [2, 16]: its rule gives model.layers.*.self_attn.q_proj.bias'),
      expect.stringContaining('linear_proj.bias F32 [2, 8]: its rule gives model.layers.*.self_attn.o_proj.bias'),
    ]);
    const lack = failure(() => plan(() => undefined, { config: { mlp_bias: true } }));
    expect(lack.problems).toHaveLength(3);
    expect(lack.problems[0]).toContain('model.layers.*.mlp.gate_proj.bias (2 tensors) [6]: expected');
  });

  it('report all that with strict=false, and leave it out', () => {
    const { books, tensors } = plan(
      (globals) => {
        globals.set('vision_model.patches', matrix(3, 3));
        globals.delete('decoder.final_layernorm.weight');
      },
      { strict: false },
    );
    expect(books).toMatchObject({ unmapped: ['vision_model.patches'], missing: ['model.norm.weight'] });
    expect(tensors).toBe(books.produced);
  });

  it('drop by name what is no weight of the model', () => {
    const { books } = plan(
      (globals) => {
        globals.set('optimizer.state.exp_avg.decoder.final_layernorm.weight', matrix(8));
        globals.set('chained_0.optimizer.distributed.dp_group_idx_0.gbuf_idx_0.param', matrix(5));
        globals.set('mtp.layers.0.eh_proj.weight', matrix(8, 16));
        globals.set('decoder.layers.mlp.linear_fc1.weight_quantizer._amax', matrix(2));
      },
      {
        objects: [
          'decoder.layers.self_attention.linear_qkv._extra_state/shard_0_2',
          'rng_state/shard_0.0_1.1',
          'rerun_state_machine_state/shard_0_1',
          'opt_param_scheduler/shard_0_1',
          'common_state/shard_0_1',
          'dataloader_state/shard_0_1',
        ],
      },
    );
    const counted = Object.fromEntries(books.dropped.map(({ rule, tensors, bytes }) => [rule, [tensors, bytes]]));
    expect(counted).toEqual({
      optimizer: [2, 52],
      mtp: [1, 512],
      'quantizer state': [1, 8],
      'extra state': [1, 7],
      rng: [1, 7],
      'rerun state': [1, 7],
      scheduler: [1, 7],
      'common state': [1, 7],
      'other byte entry': [1, 7],
    });
    expect(books.vocabularyPadding).toEqual({ rows: 12, bytes: 12 * 8 * 4 });
  });

  it('refuse a tensor under two spellings, and one that two rules fill', () => {
    const twice = failure(() => plan((globals) => globals.set('decoder.layers.input_layernorm.weight', matrix(2, 8))));
    expect(twice.problems).toEqual([expect.stringContaining('another spelling of it was taken')]);
    const half = failure(() =>
      plan((globals) => globals.set('decoder.layers.mlp.linear_fc1.weight_w', matrix(2, 6, 8))),
    );
    expect(half.problems).toEqual([expect.stringContaining('another spelling of it was taken')]);
    const [from, to] = ['decoder.layers.*.mlp.linear_fc3.weight', 'model.layers.*.mlp.gate_proj.weight'];
    const rules = [...LLAMA.rules, { from: [from], to: [to], transform: 'direct' as const }];
    const double = failure(() =>
      plan((globals) => globals.set('decoder.layers.mlp.linear_fc3.weight', matrix(2, 6, 8)), {
        family: { ...LLAMA, rules },
      }),
    );
    expect(double.problems[0]).toBe(
      'model.layers.0.mlp.gate_proj.weight [6, 8] needs 48 elements, the copies bring 96',
    );
  });
});

describe('a reference that does not fit', () => {
  it('is refused before its keys are listed where it calls for more than any model has', () => {
    const config = { num_experts: 16_000, num_hidden_layers: 10_000, moe_intermediate_size: 1 };
    const error = failure(() => plan(() => undefined, { family: QWEN3_MOE, config }));
    expect(error.problems).toEqual(['config.json: 10000 layers with 16000 experts each are more than any model has']);
  });

  it('is refused with both values of every disagreement', () => {
    const error = failure(() =>
      plan(() => undefined, {
        config: {
          num_hidden_layers: 3,
          hidden_size: 16,
          num_attention_heads: 8,
          intermediate_size: 7,
          vocab_size: 17,
          tie_word_embeddings: true,
        },
      }),
    );
    expect(error.type).toBe('ReferenceMismatch');
    expect(error.problems).toEqual([
      'num_hidden_layers: config.json says 3, the checkpoint has 2 (decoder.layers)',
      'hidden_size: config.json says 16, the checkpoint has 8 (columns of embedding.word_embeddings.weight)',
      'vocab_size: config.json says 17, the checkpoint has 16 (rows of embedding.word_embeddings.weight; padding can only add rows)',
      'num_attention_heads: config.json says 8, the checkpoint has 4 (8 columns of self_attention.linear_proj.weight over head_dim 2)',
      'intermediate_size: config.json says 7, the checkpoint has 6 (columns of mlp.linear_fc2.weight)',
      'tie_word_embeddings: config.json says true, the checkpoint has an output_layer.weight of its own',
    ]);
  });

  it('is refused where only the query groups or the tied embedding differ', () => {
    const groups = failure(() => plan(() => undefined, { config: { num_key_value_heads: 4 } }));
    expect(groups.problems).toEqual([
      'num_key_value_heads: config.json says 4, the checkpoint has 2 (16 rows of self_attention.linear_qkv.weight)',
    ]);
    const tied = failure(() =>
      plan(() => undefined, { model: { ...SMALL, tied: true }, config: { tie_word_embeddings: false } }),
    );
    expect(tied.problems).toEqual([
      'tie_word_embeddings: config.json says false, the checkpoint has no output_layer.weight, so it was trained tied',
    ]);
  });

  it('is refused where only the recorded training configuration can tell', () => {
    const model = { ...SMALL, headDim: 4, headsPerGroup: 1 };
    const globals = makeMegatron(model, makeHuggingFace(model));
    const { checkpoint, stat } = makeCheckpoint(globals);
    const config = configOf(model);
    const values = {
      num_layers: 2,
      num_attention_heads: 4,
      num_query_groups: 4,
      kv_channels: 2,
      group_query_attention: true,
    };
    const error = failure(() =>
      makePlan({
        checkpoint,
        checkpointStat: stat,
        family: LLAMA,
        config,
        training: { source: 'common state args', values },
        input: { strict: true, dtype: 'source', max_shard_size: '5GB' },
      }),
    );
    expect(error.problems).toEqual([
      'num_attention_heads: config.json says 2, the training run recorded 4 (common state args)',
      'num_key_value_heads: config.json says 2, the training run recorded 4 (common state args)',
      'head_dim: config.json says 4, the training run recorded 2 (common state args)',
    ]);
  });

  it('is told apart from a checkpoint that contradicts itself', () => {
    const globals = makeMegatron(SMALL, makeHuggingFace(SMALL));
    const { checkpoint, stat } = makeCheckpoint(globals);
    const key = 'decoder.final_layernorm.weight';
    const entry = checkpoint.tensors.get(key);
    const chunks = entry?.chunks.map((chunk) => ({ ...chunk, sizes: [7] })) ?? [];
    const tensors = new Map([...checkpoint.tensors, [key, { key, dtype: 'F32' as const, shape: [8], chunks }]]);
    const error = failure(() =>
      makePlan({
        checkpoint: { ...checkpoint, tensors },
        checkpointStat: stat,
        family: LLAMA,
        config: configOf(SMALL),
        input: { strict: true, dtype: 'source', max_shard_size: '5GB' },
      }),
    );
    expect(error).toMatchObject({ type: 'CheckpointDamaged' });
    expect(error.problems).toEqual([`${key} [8]: 1 of 8 elements are in no chunk`]);
  });

  it('is not even looked at where the checkpoint holds no language model', () => {
    const error = failure(() => plan((globals) => globals.delete('embedding.word_embeddings.weight')));
    expect(error.type).toBe('CheckpointUnsupported');
    expect(error.message).toContain('It begins with: decoder.final_layernorm.weight');
  });
});
