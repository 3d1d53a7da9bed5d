// Random models, random chunking: planned, executed element by element, and compared with what was cut.
import { describe, expect, it } from 'vitest';
import { findFamily } from '../../src/models/registry.ts';
import type { Family } from '../../src/models/types.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/types.ts';
import { makeCheckpoint, type Cuts, type MemoryCheckpoint } from '../support/plan-checkpoint.ts';
import { executeFile } from '../support/plan-execute.ts';
import { configOf, makeHuggingFace, makeMegatron, SMALL, type ModelShape } from '../support/plan-model.ts';
import { makeRandom, pick } from '../support/plan-random.ts';

const OPTIONS = { strict: true, dtype: 'source', max_shard_size: '5GB' } as const;

function planOf(
  model: ModelShape,
  memory: MemoryCheckpoint,
  options: Partial<Parameters<typeof makePlan>[0]['input']> = {},
): Plan {
  const config = configOf(model);
  const family = findFamily(config) as Family;
  const { checkpoint, stat: checkpointStat } = memory;
  return makePlan({ checkpoint, checkpointStat, family, config, input: { ...OPTIONS, ...options } });
}

function execute(plan: Plan, { payloads }: MemoryCheckpoint): Map<string, number[]> {
  const files = plan.files.map((file) => executeFile(file, ({ offset }) => payloads.get(offset) ?? []));
  return new Map(files.flatMap((file) => [...file]));
}

function randomModel(random: () => number): ModelShape {
  const vocab = pick(random, 1, 12);
  return {
    layers: pick(random, 1, 3),
    hidden: pick(random, 1, 6),
    groups: pick(random, 1, 4),
    headsPerGroup: pick(random, 1, 3),
    headDim: pick(random, 1, 3),
    ffn: pick(random, 1, 5),
    vocab,
    paddedVocab: Math.ceil(vocab / 8) * 8,
    tied: random() < 0.3,
    bias: random() < 0.3,
    perLayer: random() < 0.3,
    prefix: random() < 0.2 ? 'model.module.' : '',
  };
}

/** Cuts anywhere: inside a head, across gate and up, in columns, several layers in one chunk. */
function randomCuts(random: () => number): Cuts {
  return (_, shape) =>
    shape.map((size) => {
      const cuts = new Set(Array.from({ length: pick(random, 0, 3) }, () => pick(random, 1, Math.max(1, size - 1))));
      return [...cuts].filter((cut) => cut < size).sort((a, b) => a - b);
    });
}

describe('makePlan', () => {
  it('puts every element of random models and chunkings where it belongs', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = makeRandom(seed);
      const model = randomModel(random);
      const hf = makeHuggingFace(model);
      const memory = makeCheckpoint(makeMegatron(model, hf), randomCuts(random));
      const plan = planOf(model, memory, { max_shard_size: pick(random, 1, 2000) });
      const expected = new Map([...hf].map(([name, rows]) => [name, rows.flat()]));
      expect(Object.fromEntries(execute(plan, memory)), `seed ${seed}`).toEqual(Object.fromEntries(expected));
      expect(plan.books.vocabularyPadding.rows).toBe((model.paddedVocab - model.vocab) * (model.tied ? 1 : 2));
      expect(plan.books).toMatchObject({ unmapped: [], missing: [], excused: [], produced: plan.tensors });
    }
  });

  it('splits as tensor parallelism does: groups fewer than ranks, gate and up in chunks of their own, one layer a chunk', () => {
    const hf = makeHuggingFace(SMALL);
    for (const tp of [1, 2, 3, 4]) {
      const shard: Cuts = (key, shape) => {
        const rows = /linear_qkv\.weight|word_embeddings|output_layer/.test(key) ? shape.length - 2 : -1;
        const columns = /linear_proj|linear_fc2/.test(key) ? shape.length - 1 : -1;
        const layers = key.includes('decoder.layers') ? 0 : -1;
        return shape.map((size, axis) => {
          if (axis === layers) return Array.from({ length: size - 1 }, (_, k) => k + 1);
          if (axis !== rows && axis !== columns) return key.includes('fc1.weight') && axis === 1 ? [size / 2] : [];
          return Array.from({ length: tp - 1 }, (_, k) => Math.floor((size * (k + 1)) / tp));
        });
      };
      const memory = makeCheckpoint(makeMegatron(SMALL, hf), shard);
      const plan = planOf(SMALL, memory);
      for (const [name, data] of execute(plan, memory)) expect(data, name).toEqual(hf.get(name)?.flat());
    }
  });

  it('copies whole groups as one strided copy, and joins what is contiguous on both sides', () => {
    const model = { ...SMALL, groups: 8, hidden: 16 };
    const memory = makeCheckpoint(makeMegatron(model, makeHuggingFace(model)));
    const tensors = new Map(planOf(model, memory).files[0]?.tensors.map((tensor) => [tensor.name, tensor]));
    const layer = (name: string): unknown => tensors.get(`model.layers.1.${name}`)?.copies;
    // 8 groups of [2 q heads, k, v] x 2 rows x 16 columns = 128 elements a group, of which q has 64, k and v 32.
    expect(layer('self_attn.q_proj.weight')).toMatchObject([
      { shape: [8, 64], sourceOffset: 1024, sourceStrides: [128, 1], targetOffset: 0, targetStrides: [64, 1] },
    ]);
    expect(layer('self_attn.v_proj.weight')).toMatchObject([
      { shape: [8, 32], sourceOffset: 1024 + 96, sourceStrides: [128, 1], targetOffset: 0, targetStrides: [32, 1] },
    ]);
    expect(layer('mlp.up_proj.weight')).toMatchObject([
      { shape: [96], sourceOffset: 288, sourceStrides: [1], targetStrides: [1] },
    ]);
  });

  it('takes either spelling of a layer norm, and the halves of a gated MLP under keys of their own', () => {
    const hf = makeHuggingFace(SMALL);
    const globals = makeMegatron(SMALL, hf);
    const rename = (from: string, to: string): void => {
      const global = globals.get(from);
      if (!global) throw new Error(from);
      globals.delete(from);
      globals.set(to, global);
    };
    rename('decoder.layers.self_attention.linear_qkv.layer_norm_weight', 'decoder.layers.input_layernorm.weight');
    rename('decoder.layers.mlp.linear_fc1.layer_norm_weight', 'decoder.layers.pre_mlp_layernorm.weight');
    const fused = globals.get('decoder.layers.mlp.linear_fc1.weight');
    globals.delete('decoder.layers.mlp.linear_fc1.weight');
    const half = (SMALL.ffn * SMALL.hidden) | 0;
    for (const [suffix, at] of [
      ['w', 0],
      ['v', 1],
    ] as const) {
      const data = [0, 1].flatMap(
        (layer) => fused?.data.slice((2 * layer + at) * half, (2 * layer + at + 1) * half) ?? [],
      );
      globals.set(`decoder.layers.mlp.linear_fc1.weight_${suffix}`, { shape: [2, SMALL.ffn, SMALL.hidden], data });
    }
    const memory = makeCheckpoint(globals);
    for (const [name, data] of execute(planOf(SMALL, memory), memory)) expect(data, name).toEqual(hf.get(name)?.flat());
  });

  it('casts floating-point tensors to the requested dtype and lays the file out for it', () => {
    const memory = makeCheckpoint(makeMegatron(SMALL, makeHuggingFace(SMALL)));
    const source = planOf(SMALL, memory);
    const half = planOf(SMALL, memory, { dtype: 'bfloat16' });
    expect(half.bytes * 2).toBe(source.bytes);
    expect(half.files[0]?.tensors.every(({ dtype, sourceDtype }) => dtype === 'BF16' && sourceDtype === 'F32')).toBe(
      true,
    );
    expect(half.byteDigest).not.toBe(source.byteDigest);
  });
});
