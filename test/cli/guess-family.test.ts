import { expect, test } from 'vitest';
import { guessFamily } from '../../src/cli/guess-family.ts';
import { denseTensors, describeCheckpoint, recorded } from './inspect-checkpoint.ts';

const dense = describeCheckpoint(denseTensors(2));
const withNorms = describeCheckpoint({
  ...denseTensors(1),
  'decoder.layers.0.self_attention.q_layernorm.weight': { shape: [4] },
  'decoder.layers.0.self_attention.k_layernorm.weight': { shape: [4] },
});
const withExperts = describeCheckpoint({
  'embedding.word_embeddings.weight': { shape: [128, 8] },
  'decoder.final_layernorm.weight': { shape: [8] },
  'decoder.layers.mlp.router.weight': { shape: [2, 4, 8] },
  'decoder.layers.self_attention.q_layernorm.weight': { shape: [2, 4] },
  'decoder.layers.mlp.experts.experts.linear_fc1.weight': { shape: [2, 4, 32, 8] },
  'decoder.layers.mlp.experts.experts.linear_fc2.weight': { shape: [2, 4, 8, 16] },
});

test.each([
  [dense, { hf_model_id: 'meta-llama/Llama-3.1-8B' }, 'llama', 'hf_model_id'],
  [dense, { hf_model_id: '/models/Mistral-7B-v0.3' }, 'mistral', 'hf_model_id'],
  [dense, { _target_: 'megatron.bridge.models.llama.llama_provider.Llama31ModelProvider8B' }, 'llama', '_target_'],
  [dense, { _target_: 'megatron.bridge.models.qwen.qwen_provider.Qwen25ModelProvider7B' }, 'qwen2', '_target_'],
  [dense, { tokenizer_model: '/models/Llama-3.1-8B/tokenizer/' }, 'llama', 'tokenizer_model'],
  [dense, { tokenizer_model: 'mistralai/Mistral-7B-Instruct-v0.3' }, 'mistral', 'tokenizer_model'],
  [withNorms, { hf_model_id: 'Qwen/Qwen3-8B' }, 'qwen3', 'hf_model_id'],
  [withExperts, { hf_model_id: 'Qwen/Qwen3-30B-A3B' }, 'qwen3-moe', 'hf_model_id'],
])('%#: what the run recorded and the tensors together', (checkpoint, values, family, field) => {
  const guess = guessFamily(checkpoint, recorded(values));
  expect(guess.family).toBe(family);
  expect(guess.evidence).toBe(`${field} ${JSON.stringify(Object.values(values)[0])}`);
});

test('a name alone does not make a family: its table must know the tensors', () => {
  const { family, candidates } = guessFamily(withNorms, recorded({ hf_model_id: 'meta-llama/Llama-3.1-8B' }));
  expect(family).not.toBe('llama');
  expect(candidates).not.toContain('llama');
});

test('recorded settings that a family refuses rule it out', () => {
  expect(guessFamily(dense, recorded({ qk_layernorm: false })).candidates).not.toContain('qwen3');
  expect(guessFamily(dense, null).candidates).toContain('llama');
});

test('a class that builds every model names none; a folder above the model neither', () => {
  const generic = recorded({ _target_: 'megatron.bridge.models.gpt_provider.GPTModelProvider' });
  expect(guessFamily(dense, generic).family).toBeNull();
  expect(guessFamily(dense, recorded({ tokenizer_model: '/data/llama-experiments/run7/tokenizer' })).family).toBeNull();
});

test('tensors that no table knows', () => {
  const strange = describeCheckpoint({ ...denseTensors(1), 'decoder.layers.0.strange.weight': { shape: [1] } });
  expect(guessFamily(strange, recorded({ hf_model_id: 'meta-llama/Llama-3.1-8B' }))).toEqual({
    family: null,
    evidence: null,
    candidates: [],
    recorded_model_id: 'meta-llama/Llama-3.1-8B',
  });
});
