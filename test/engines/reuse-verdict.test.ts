import { expect, it } from 'vitest';
import { SmokeOptions } from '../../src/contract/index.ts';
import { recordedVerdict } from '../../src/engines/reuse-verdict.ts';
import { manifestOf } from '../support/publish-staging.ts';

const plain = SmokeOptions.parse({});
const recorded = manifestOf('/hf', undefined, { options: { smoke: JSON.parse(JSON.stringify(plain)) } });
const manifest = { ...recorded, smoke: { ...recorded.smoke, context_gain: 1 } };
const ask = (changes: object) =>
  recordedVerdict(manifest, { smoke: SmokeOptions.parse(changes), trust_remote_code: true });

it.each([
  [{}, 'the same request'],
  [{ max_perplexity: 10, min_perplexity_ratio: 100, min_context_gain: 1 }, 'limits that the figures just meet'],
  [{ timeout: '1h', max_memory: '8GB', offload_folder: '/tmp/x' }, 'other means'],
  [{ enabled: false, device: 'cuda' }, 'no generation at all'],
])('is kept for %o: %s', (changes, _why) => {
  expect(ask(changes)).toBe(manifest.smoke);
});

it.each([
  { max_perplexity: 9.9 },
  { min_perplexity_ratio: 101 },
  { min_context_gain: 1.1 },
  { prompts: ['Once'] },
  { max_new_tokens: 64 },
  { device: 'cuda' },
  { dtype: 'bfloat16' },
  { repetition_penalty: 1 },
])('is not enough for %o', (changes) => {
  expect(ask(changes)).toBeNull();
});

it('is another one where the code of the reference may run for one request and not for the other', () => {
  const options = { ...manifest.options, trust_remote_code: true };
  const withCode = { ...manifest, options, reference: { ...manifest.reference, remote_code: ['modeling_l.L'] } };
  expect(recordedVerdict(withCode, { smoke: plain, trust_remote_code: true })).toBe(manifest.smoke);
  expect(recordedVerdict(withCode, { smoke: plain, trust_remote_code: false })).toBeNull();
  expect(recordedVerdict({ ...manifest, options }, { smoke: plain, trust_remote_code: false })).toBe(manifest.smoke);
});

it('needs a manifest that says what was asked and found', () => {
  const asked = { smoke: plain, trust_remote_code: true };
  expect(recordedVerdict({ ...manifest, options: {} }, asked)).toBeNull();
  expect(recordedVerdict({ ...manifest, validation: 'NOT VALIDATED' }, asked)).toBeNull();
  expect(recordedVerdict({ ...manifest, smoke: { ...manifest.smoke, ratio: null } }, asked)).toBeNull();
});
