import { expect, test } from 'vitest';
import { findLayout } from '../../src/cli/find-layout.ts';
import { denseTensors, describeCheckpoint, recorded } from './inspect-checkpoint.ts';

test('layers in the keys, fused norms, four ranks', () => {
  expect(findLayout(describeCheckpoint(denseTensors(3)), null)).toEqual({
    layers: 'keys',
    experts: null,
    norms: 'fused',
    writers: 4,
    chunks_per_tensor: { fewest: 1, most: 4 },
    embedding_parts: 4,
    recorded: null,
  });
});

test('layers and experts on axes, separate norms, under a prefix', () => {
  const checkpoint = describeCheckpoint({
    'model.embedding.word_embeddings.weight': { shape: [128, 8] },
    'model.decoder.layers.input_layernorm.weight': { shape: [2, 8] },
    'model.decoder.layers.self_attention.q_layernorm.weight': { shape: [2, 8] },
    'model.decoder.layers.self_attention.linear_kv_up_proj.layer_norm_weight': { shape: [2, 8] },
    'model.decoder.layers.mlp.experts.experts.linear_fc1.weight': { shape: [2, 16, 32, 8], parts: 2 },
  });
  expect(findLayout(checkpoint, null)).toMatchObject({
    layers: 'axis',
    experts: { stored: 'axis', count: 16 },
    norms: 'separate',
    writers: 2,
    embedding_parts: 1,
  });
});

test('norms with one place only say nothing', () => {
  const checkpoint = describeCheckpoint({
    'embedding.word_embeddings.weight': { shape: [128, 8] },
    'decoder.layers.0.mixer.norm.weight': { shape: [8] },
    'decoder.layers.0.mixer.in_proj.layer_norm_weight': { shape: [8] },
    'decoder.final_norm.weight': { shape: [8] },
  });
  expect(findLayout(checkpoint, null).norms).toBe('fused');
});

test('experts in the keys, both kinds of norm', () => {
  const experts = Array.from({ length: 12 }, (_, expert) => [
    `decoder.layers.1.mlp.experts.experts.${expert}.linear_fc1.weight`,
    { shape: [32, 8] },
  ]);
  const checkpoint = describeCheckpoint({
    ...denseTensors(1),
    'decoder.layers.1.pre_mlp_layernorm.weight': { shape: [8] },
    ...Object.fromEntries(experts),
  });
  expect(findLayout(checkpoint, null)).toMatchObject({
    layers: 'keys',
    experts: { stored: 'keys', count: 12 },
    norms: 'fused and separate',
  });
});

test('the sizes that the run recorded, and a checkpoint without a model', () => {
  const sizes = recorded({ tensor_model_parallel_size: 8, expert_model_parallel_size: 16 });
  const checkpoint = describeCheckpoint({ 'optimizer.state.exp_avg': { shape: [4], dtype: 'F32' } });
  expect(findLayout(checkpoint, sizes)).toEqual({
    layers: null,
    experts: null,
    norms: null,
    writers: 1,
    chunks_per_tensor: null,
    embedding_parts: null,
    recorded: { tp: 8, pp: null, ep: 16, etp: null, cp: null },
  });
});
