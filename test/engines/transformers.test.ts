// What a user does with an export: transformers loads it without a word, and it computes what Megatron computed.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { convert } from '../../src/engines/convert.ts';
import { FIXTURES, inputFor, preflightFor, surroundingsFor, temporaryDirectory } from '../support/rank-conversion.ts';
import { runPython } from '../support/run-python.ts';

const ROOT = join(import.meta.dirname, '../..');

const Loaded = z.object({
  missing_keys: z.array(z.string()),
  unexpected_keys: z.array(z.string()),
  mismatched_keys: z.array(z.string()),
  architecture: z.string(),
  finite: z.boolean(),
  tokenizer: z.int(),
  megatron: z.object({ max_difference: z.number(), same_argmax: z.number(), positions: z.int() }).optional(),
});

let directory: string;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

it.each(FIXTURES)('AutoModelForCausalLM loads the export of %s', async (fixture) => {
  const input = await inputFor(fixture, join(directory, fixture), { max_shard_size: '400KB', distributed: false });
  const { staging } = await convert(input, await preflightFor(input, 1), surroundingsFor());
  const logits = fixture === 'llama-trained' ? [join(ROOT, 'fixtures/llama-trained/megatron_logits.safetensors')] : [];
  const script = join(ROOT, 'test/support/load_export.py');
  const stdout = await runPython(script, [join(staging, 'export'), ...logits]);
  const loaded = Loaded.parse(JSON.parse(stdout));
  expect(loaded).toMatchObject({ missing_keys: [], unexpected_keys: [], mismatched_keys: [], finite: true });
  expect(loaded.tokenizer).toBeGreaterThan(100);
  if (loaded.megatron === undefined) return;
  console.log(`${loaded.architecture} against Megatron: ${JSON.stringify(loaded.megatron)}`);
  expect(loaded.megatron.max_difference).toBeLessThan(1e-3);
  expect(loaded.megatron.same_argmax).toBe(1);
});
