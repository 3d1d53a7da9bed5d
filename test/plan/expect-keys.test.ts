// The formula of a family against the names of the reference's weights.
import { describe, expect, it } from 'vitest';
import type { OptionalPart } from '../../src/models/types.ts';
import { findUnprotected } from '../../src/plan/compare-float32.ts';
import { expectKeys, type ExpectedKeys, type KeysRequest } from '../../src/plan/expect-keys.ts';
import type { ReferenceWeights, StoredTensor } from '../../src/reference/types.ts';

const LAYER = {
  'self_attn.k_proj.weight': [4, 8],
  'self_attn.q_proj.weight': [8, 8],
  'mlp.experts.0.up_proj.weight': [6, 8],
  'mlp.experts.1.up_proj.weight': [6, 8],
} as const;
const FORMULA: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ['model.embed_tokens.weight', [16, 8]],
  ...[0, 1].flatMap((layer) =>
    Object.entries(LAYER).map(([name, shape]) => [`model.layers.${layer}.${name}`, shape] as const),
  ),
  ['model.norm.weight', [8]],
]);
const MTP_KEYS: readonly (readonly [string, readonly number[]])[] = [
  ['mtp.fc.weight', [8, 16]],
  ['mtp.norm.weight', [8]],
];
const WITH_MTP = new Map([...FORMULA, ...MTP_KEYS]);
const MTP: OptionalPart = {
  name: 'mtp',
  keys: /^mtp\./,
  sources: /^mtp\./,
  why: 'the model predicts the next token without it',
};

const weightsOf = (...entries: readonly Iterable<readonly [string, readonly number[]]>[]): ReferenceWeights => ({
  source: 'model.safetensors.index.json',
  tensors: new Map(
    entries
      .flatMap((some) => [...some])
      .map(([name, shape]): [string, StoredTensor] => [name, { dtype: 'BF16', shape }]),
  ),
});
const namesOf = (names: Iterable<string>): ReferenceWeights => ({
  source: 'model.safetensors.index.json',
  tensors: new Map([...names].map((name) => [name, null])),
});
const biasOf = (layer: number): [string, number[]] => [`model.layers.${layer}.self_attn.k_proj.bias`, [4]];
const without = (name: string): [string, readonly number[]][] => [...FORMULA].filter(([key]) => key !== name);
const ask = (change: Partial<KeysRequest>): ExpectedKeys =>
  expectKeys({ formula: FORMULA, weights: null, optional: [], checkpointHas: () => false, ...change });

describe('formula and weights', () => {
  it('that agree give the formula, in its order', () => {
    const reversed = weightsOf([...FORMULA].reverse());
    for (const weights of [null, reversed, namesOf(FORMULA.keys())]) {
      const keys = ask({ weights });
      expect([...keys.expected]).toEqual([...FORMULA]);
      expect(keys).toMatchObject({ problems: [], excused: [], dropped: [] });
    }
  });

  it('name what only the weights have, with its shape and what is near', () => {
    const { problems, expected } = ask({ weights: weightsOf(FORMULA, [biasOf(0), biasOf(1), ['zzz', [1, 2]]]) });
    expect(problems).toEqual([
      'model.layers.*.self_attn.k_proj.bias (2 tensors, the first model.layers.0.self_attn.k_proj.bias) [4]: in the ' +
        "reference's weights (model.safetensors.index.json), but the config does not call for it; " +
        'the nearest is model.layers.*.self_attn.k_proj.weight',
      "zzz [1, 2]: in the reference's weights (model.safetensors.index.json), but the config does not call for it; nothing in it is near",
    ]);
    expect([...expected.keys()]).toEqual([...FORMULA.keys()]);
    expect(ask({ weights: namesOf([...FORMULA.keys(), 'zzz']) }).problems[0]).toMatch(/^zzz: in the reference/);
  });

  it('name what only the formula has, which stays expected', () => {
    const { problems, expected } = ask({ weights: weightsOf(without('model.norm.weight')) });
    expect(problems).toEqual([
      "model.norm.weight [8]: the config calls for it, but the reference's weights (model.safetensors.index.json) do not have it",
    ]);
    expect(expected.has('model.norm.weight')).toBe(true);
  });

  it('name both shapes where they differ, if headers were read', () => {
    const other = weightsOf(FORMULA, [['model.norm.weight', [9]]]);
    expect(ask({ weights: other }).problems).toEqual([
      "model.norm.weight: the config says [8], the reference's weights (model.safetensors.index.json) have [9]",
    ]);
    const transposed = weightsOf(FORMULA, [['model.embed_tokens.weight', [8, 16]]]);
    expect(ask({ weights: transposed }).problems).toHaveLength(1);
  });

  it('tell at most 20 patterns, and how many more', () => {
    const extra = Array.from({ length: 25 }, (_, index): [string, number[]] => [`vision_${index}.weight`, [1]]);
    const { problems } = ask({ weights: weightsOf(FORMULA, extra) });
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe('and 5 more patterns of names disagree');
  });
});

describe('names that say nothing about the model', () => {
  it.each([
    'model.layers.0.self_attn.rotary_emb.inv_freq',
    'lm_head.weight',
    'model.layers.0.self_attn.k_proj.weight_scale_inv',
    'model.layers.0.self_attn.k_proj.weight_scale',
    'model.layers.0.self_attn.k_proj.input_scale',
    'model.layers.0.self_attn.k_proj.k_scale',
    'model.layers.0.self_attn.v_scale',
  ])('%s', (name) => expect(ask({ weights: weightsOf(FORMULA, [[name, [3]]]) }).problems).toEqual([]));

  it.each([
    'model.layers.0.self_attn.o_proj.weight_scale_inv',
    'model.layers.7.self_attn.k_proj.input_scale',
    'model.experts_blocks',
    'model.rotary_emb.inv_freqs',
  ])('but not %s', (name) => expect(ask({ weights: weightsOf(FORMULA, [[name, [3]]]) }).problems).toHaveLength(1));

  it('an output layer is no noise where the formula has one', () => {
    const formula = new Map([...FORMULA, ['lm_head.weight', [16, 8]] as const]);
    expect(ask({ formula, weights: weightsOf(FORMULA) }).problems).toEqual([
      expect.stringMatching(/^lm_head\.weight \[16, 8\]: the config calls for it/),
    ]);
  });
});

describe('a quantized reference', () => {
  const projection = 'model.layers.0.self_attn.k_proj.weight';

  it.each([
    [[`${projection}_packed`, `${projection}_scale`, `${projection}_shape`]],
    [['qweight', 'qzeros', 'scales', 'g_idx'].map((end) => projection.replace('weight', end))],
  ])('may have %s instead of the weight', (names) => {
    const packed = names.map((name): [string, number[]] => [name, [1]]);
    expect(ask({ weights: weightsOf(without(projection), packed) }).problems).toEqual([]);
  });

  it('may have blocks and scales instead of stacked experts', () => {
    const stacked = 'model.layers.0.mlp.experts.gate_up_proj';
    const formula = new Map([...FORMULA, [stacked, [2, 8, 12]] as const]);
    const mxfp4: [string, number[]][] = [
      [`${stacked}_blocks`, [2, 12, 1, 4]],
      [`${stacked}_scales`, [2, 12, 1]],
    ];
    expect(ask({ formula, weights: weightsOf(FORMULA, mxfp4) }).problems).toEqual([]);
  });

  it('may pack its weights into other shapes', () => {
    const packed = weightsOf(without(projection), [
      [projection, [16, 1]],
      [`${projection}.absmax`, [1]],
      [`${projection}.quant_state.bitsandbytes__nf4`, [99]],
    ]);
    expect(ask({ weights: packed }).problems).toEqual([]);
    expect(ask({ weights: weightsOf(without(projection), [[projection, [16, 1]]]) }).problems).toHaveLength(1);
  });
});

describe('an optional part', () => {
  const all = weightsOf(WITH_MTP);

  it('that reference and checkpoint have is expected', () => {
    const keys = ask({ formula: WITH_MTP, weights: all, optional: [MTP], checkpointHas: () => true });
    expect([...keys.expected.keys()]).toEqual([...WITH_MTP.keys()]);
    expect(keys).toMatchObject({ dropped: [], excused: [], problems: [] });
  });

  it('that the weights of the reference lack is not expected, and its sources are dropped by its name', () => {
    for (const formula of [WITH_MTP, FORMULA]) {
      const keys = ask({ formula, weights: weightsOf(FORMULA), optional: [MTP], checkpointHas: () => true });
      expect([...keys.expected.keys()]).toEqual([...FORMULA.keys()]);
      expect(keys).toMatchObject({ dropped: [MTP], excused: [], problems: [] });
    }
  });

  it('that the config does not call for is dropped where nothing is known of the weights', () => {
    expect(ask({ optional: [MTP], checkpointHas: () => true })).toMatchObject({ dropped: [MTP], problems: [] });
  });

  it('that the checkpoint lacks is excused by its name', () => {
    for (const [formula, weights] of [
      [WITH_MTP, all],
      [WITH_MTP, null],
      // The config of the reference is silent about it.
      [FORMULA, all],
    ] as const) {
      const keys = ask({ formula, weights, optional: [MTP] });
      expect([...keys.expected.keys()]).toEqual([...FORMULA.keys()]);
      const excused = [{ rule: 'mtp', tensors: 2, bytes: 0, examples: ['mtp.fc.weight', 'mtp.norm.weight'] }];
      expect(keys).toMatchObject({ dropped: [], excused, problems: [] });
    }
  });

  it('that Megatron never stores is excused, and so is a long one, by 20 examples', () => {
    const names = Array.from({ length: 30 }, (_, index): [string, number[]] => [`vision.${index}.weight`, [1]]);
    const vision: OptionalPart = { name: 'vision', keys: /^vision\./, sources: null, why: 'text only' };
    const { excused, problems } = ask({
      weights: weightsOf(FORMULA, names),
      optional: [MTP, vision],
      checkpointHas: ({ sources }) => sources !== null,
    });
    expect(excused).toMatchObject([{ rule: 'vision', tensors: 30 }]);
    expect(excused[0]?.examples).toHaveLength(20);
    expect(problems).toEqual([]);
  });

  it('of which the weights have a piece is a problem, and stays expected', () => {
    const piece = weightsOf(FORMULA, MTP_KEYS.slice(0, 1));
    const keys = ask({ formula: WITH_MTP, weights: piece, optional: [MTP], checkpointHas: () => true });
    expect(keys.problems).toEqual([expect.stringMatching(/^mtp\.norm\.weight \[8\]: the config calls for it/)]);
    expect(keys.expected.has('mtp.norm.weight')).toBe(true);
  });

  it('that the checkpoint has and the formula does not know is a problem', () => {
    const { problems } = ask({ weights: all, optional: [MTP], checkpointHas: () => true });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/^mtp\.fc\.weight \[8, 16\]: in the reference's weights/);
  });
});

const withFloat32 = (float32: readonly string[], more: Record<string, StoredTensor> = {}): ReferenceWeights => ({
  source: 'a header',
  tensors: new Map([
    ...[...FORMULA].map(([name, shape]): [string, StoredTensor] => [
      name,
      { dtype: float32.includes(name) ? 'F32' : 'BF16', shape },
    ]),
    ...Object.entries(more),
  ]),
});
const unprotected = (keep: readonly string[], weights: ReferenceWeights): readonly string[] =>
  findUnprotected(keep, weights, FORMULA.keys());

describe('findUnprotected', () => {
  it('names what only the reference keeps in float32', () => {
    const weights = withFloat32(['model.norm.weight', 'model.layers.1.self_attn.k_proj.weight']);
    expect(unprotected(['model.norm.weight'], weights)).toEqual(['model.layers.1.self_attn.k_proj.weight']);
    expect(unprotected(['model.norm.weight', 'model.layers.*.self_attn.k_proj.weight'], weights)).toEqual([]);
  });

  it('says nothing of a float32 reference, of unknown dtypes, or of tensors that are not exported', () => {
    expect(unprotected([], withFloat32([...FORMULA.keys()]))).toEqual([]);
    expect(unprotected([], namesOf(FORMULA.keys()))).toEqual([]);
    expect(unprotected([], withFloat32([], { 'a.weight_scale_inv': { dtype: 'F32', shape: [2] } }))).toEqual([]);
  });
});
