// Which layers have experts, or a window: Megatron counts layers of experts from the first on, windows and transformers' steps from one.
import { describe, expect, it } from 'vitest';
import { configuredSparse, leadingDense, sparseLayers, windowedLayers } from '../../src/models/layer-frequency.ts';
import { readSparsity } from '../../src/models/qwen-moe.ts';
import { readConfig } from '../../src/models/read-config.ts';

const draw = (layers: readonly boolean[] | null): string | null => layers && layers.map(Number).join('');

describe('moe_layer_freq', () => {
  it.each([
    [1, '11111'],
    [2, '10101'],
    [3, '10010'],
    [[0, 1, 1, 0, 1], '01101'],
    [[1, 1], null],
    [[0, 1, 2, 0, 1], null],
    [0, null],
    [1.5, null],
    ['([0]*3+[1]*2)', null],
    [undefined, null],
  ])('%j', (frequency, wanted) => expect(draw(sparseLayers(frequency, 5))).toBe(wanted));
});

describe('window_attn_skip_freq', () => {
  it.each([
    [2, '10101'],
    [3, '11011'],
    [[1, 0, 1, 1, 0], '10110'],
    [null, '11111'],
    [[1, 0], null],
    ['2', null],
  ])('%j', (frequency, wanted) => expect(draw(windowedLayers(frequency, 5))).toBe(wanted));
});

describe('config.json', () => {
  it.each([
    [{ first_k_dense_replace: 2 }, '00111'],
    [{ first_k_dense_replace: 1, moe_layer_freq: 2 }, '00101'],
    [{ decoder_sparse_step: 2 }, '01010'],
    [{ decoder_sparse_step: 1, mlp_only_layers: [0, 3] }, '01101'],
    [{ mlp_only_layers: [4] }, '11110'],
    [{ mlp_layer_types: ['dense', 'sparse', 'sparse', 'sparse', 'dense'], first_k_dense_replace: 3 }, '01110'],
    [{ num_local_experts: 8 }, null],
  ])('%j', (config, wanted) => expect(draw(configuredSparse(config, 5))).toBe(wanted));
});

it.each([
  [{ decoder_sparse_step: 2 }],
  [{ decoder_sparse_step: 3, mlp_only_layers: [2, 9] }],
  [{ decoder_sparse_step: 1, mlp_only_layers: null }],
  [{ mlp_only_layers: [0, 4] }],
])('%j: the families of Qwen read the same layers', (config) => {
  const { isSparse } = readConfig(config, (read) => readSparsity(config, read, 8));
  expect(configuredSparse(config, 12)).toEqual(Array.from({ length: 12 }, (_, layer) => isSparse(layer)));
});

it('dense layers lead only where no other one follows', () => {
  expect(leadingDense([true, true])).toBe(0);
  expect(leadingDense([false, false, true])).toBe(2);
  expect(leadingDense([false, false])).toBe(2);
  expect(leadingDense([false, true, false])).toBeNull();
});

it('builds nothing for a number of layers that nobody has', () => {
  expect([
    sparseLayers(1, 2 ** 40),
    windowedLayers(null, 2 ** 40),
    configuredSparse({ decoder_sparse_step: 1 }, 2 ** 40),
  ]).toEqual([null, null, null]);
});
