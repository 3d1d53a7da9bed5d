// 100,000 output tensors: the figures are printed, the counts asserted. Design 9 asks for less than 10 s and 1 GB.
import { expect, it } from 'vitest';
import { findFamily } from '../../src/models/registry.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { makeMetadata } from '../support/plan-metadata.ts';

const CONFIG = {
  architectures: ['Qwen3ForCausalLM'],
  num_hidden_layers: 9091,
  hidden_size: 1024,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  intermediate_size: 4096,
  vocab_size: 150_000,
  tie_word_embeddings: false,
};

it('plans 100,000 output tensors of a checkpoint saved with TP=4', () => {
  const family = findFamily(CONFIG);
  if (!family) throw new Error('no family');
  const checkpoint = makeMetadata(family, CONFIG, { padding: 16, tp: 4, files: 512 });
  const started = process.cpuUsage();
  const before = process.memoryUsage().heapUsed;
  const plan = makePlan({
    checkpoint,
    checkpointStat: new Map(),
    family,
    config: CONFIG,
    input: { strict: true, dtype: 'source', max_shard_size: '5GB' },
  });
  const { user, system } = process.cpuUsage(started);
  const seconds = (user + system) / 1e6;
  const copies = plan.files.reduce(
    (sum, { tensors }) => sum + tensors.reduce((n, tensor) => n + tensor.copies.length, 0),
    0,
  );
  const megabytes = (process.memoryUsage().heapUsed - before) / 1e6;
  console.log(
    `${plan.tensors} tensors, ${copies} copies, ${plan.files.length} files: ` +
      `planned in ${seconds.toFixed(1)} CPU seconds, heap +${megabytes.toFixed(0)} MB, resident at most ${(process.resourceUsage().maxRSS / 1000).toFixed(0)} MB`,
  );
  // Generous: a slow machine shared with others must pass, a quadratic step must not.
  expect(seconds).toBeLessThan(60);
  expect(process.resourceUsage().maxRSS / 1e6).toBeLessThan(1.5);
  expect(plan.tensors).toBe(100_004);
  expect(plan.bytes).toBe(plan.parameters * 2);
});
