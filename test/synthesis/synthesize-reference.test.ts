// What makes a reference out of a checkpoint fail, and where the ids of special tokens come from.
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import { readTrainingConfig } from '../../src/checkpoint/training-config.ts';
import type { TrainingConfig } from '../../src/checkpoint/types.ts';
import { findReference } from '../../src/compare/find-reference.ts';
import { ConversionError } from '../../src/contract/failures.ts';
import { serializeConfig } from '../../src/synthesis/serialize-config.ts';
import { readSpecialTokens } from '../../src/synthesis/special-tokens.ts';
import { synthesizeReference } from '../../src/synthesis/synthesize-reference.ts';
import { copyIteration, iterationOf, surroundingsFor } from '../support/rank-conversion.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'synthesis-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Change {
  readonly training?: TrainingConfig | null;
  readonly trainingProblem?: string;
  readonly smoke?: boolean;
}

async function synthesize(path: string, change: Change = {}) {
  const checkpoint = await readCheckpoint(path);
  const training = change.training === undefined ? await readTrainingConfig(checkpoint) : change.training;
  const input = { smoke: { enabled: change.smoke ?? true } };
  return synthesizeReference({
    checkpoint,
    training,
    trainingProblem: change.trainingProblem ?? null,
    allowedRoots: ['/'],
    input,
  });
}

async function failure(...args: Parameters<typeof synthesize>): Promise<ConversionError> {
  const error: unknown = await synthesize(...args).catch((reason: unknown) => reason);
  if (error instanceof ConversionError) return error;
  throw error instanceof Error ? error : new Error('nothing was refused');
}

describe('refused', () => {
  it('a checkpoint without a record, or with one that cannot be read', async () => {
    const path = await iterationOf('core-0.19');
    const none = await failure(path, { training: null });
    expect(none).toMatchObject({ type: 'ReferenceUnavailable' });
    expect(none.message).toContain(
      `recorded in ${path}:\n  - neither run_config.yaml nor args in the common state\nSet hf_model_id to`,
    );
    expect((await failure(path, { training: null, trainingProblem: 'a class' })).problems).toEqual(['a class']);
  });

  it('a record that says too little, with all that is missing in each family', async () => {
    const path = await iterationOf('core-0.19');
    const values = { qk_layernorm: true, add_bias_linear: false };
    const { problems } = await failure(path, { training: { source: 'run_config.yaml', values } });
    const qwen3 = problems.find((problem) => problem.startsWith('qwen3: '));
    for (const name of [
      'num_layers',
      'hidden_size',
      'num_attention_heads',
      'ffn_hidden_size',
      'seq_length',
      'rotary_base',
    ]) {
      expect(qwen3).toContain(`run_config.yaml does not say ${name}`);
    }
  });

  it('code in the tokenizer of the checkpoint, whether or not it is needed', async () => {
    const path = await copyIteration('core-0.19', directory);
    await writeFile(join(path, 'tokenizer/tokenization.py'), 'raise SystemExit');
    for (const smoke of [true, false]) {
      const error = await failure(path, { smoke });
      expect(error.problems).toEqual([`${join(path, 'tokenizer/tokenization.py')} is code`]);
      expect(error.message).not.toContain('smoke.enabled');
    }
  });
});

async function tokensOf(files: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  await mkdir(join(directory, 'tokenizer'), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await writeFile(
      join(directory, 'tokenizer', name),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  }
  const tokenizer = { path: join(directory, 'tokenizer'), files: Object.keys(files) };
  return Object.fromEntries((await readSpecialTokens(tokenizer)).map(({ field, value }) => [field, value]));
}

it('writes numbers as Python writes floats where transformers wants floats, and only there', () => {
  const text = serializeConfig({
    vocab_size: 7,
    rope_theta: 10_000,
    rms_norm_eps: 1e-6,
    rope_scaling: { factor: 8 },
    a: 'factor": 7',
  });
  expect(text.split('\n').map((line) => line.trim())).toEqual([
    '{',
    String.raw`"a": "factor\": 7",`,
    '"rms_norm_eps": 0.000001,',
    '"rope_scaling": {',
    '"factor": 8.0',
    '},',
    '"rope_theta": 10000.0,',
    '"vocab_size": 7',
    '}',
    '',
  ]);
});

describe('special tokens', () => {
  it('have the ids of added tokens, of the vocabulary, or of tokenizer_config.json', async () => {
    const tokens = await tokensOf({
      'tokenizer_config.json': {
        bos_token: { content: '<s>', lstrip: false },
        eos_token: '</s>',
        added_tokens_decoder: { 7: { content: '<pad>' } },
      },
      'special_tokens_map.json': { eos_token: 'not asked', pad_token: '<pad>' },
      'tokenizer.json': { added_tokens: [{ id: 1, content: '<s>' }], model: { vocab: { '</s>': 2 } } },
    });
    expect(tokens).toEqual({ bos_token_id: 1, eos_token_id: 2, pad_token_id: 7 });
  });

  it('are null where nothing names them, or nothing gives their id', async () => {
    const tokens = await tokensOf({
      'tokenizer_config.json': { bos_token: null, eos_token: '</s>' },
      'tokenizer.json': { model: { type: 'Unigram', vocab: [['</s>', 0]] } },
    });
    expect(tokens).toEqual({ bos_token_id: null, eos_token_id: 0, pad_token_id: null });
    expect(await tokensOf({ 'tokenizer_config.json': { eos_token: '</s>' }, 'tokenizer.model': 'binary' })).toEqual({
      bos_token_id: null,
      eos_token_id: null,
      pad_token_id: null,
    });
  });
});

it('gives `diff` the model of a checkpoint, without a tokenizer too', async () => {
  const path = join(directory, 'iter_0000500');
  await cp(await iterationOf('core-0.19'), path, { recursive: true });
  await rm(join(path, 'tokenizer'), { recursive: true });
  const side = { kind: 'checkpoint', path } as const;
  const { id, config } = await findReference(side, null, 'from-checkpoint', surroundingsFor());
  expect([id, config['architectures']]).toEqual(['from-checkpoint', ['Qwen3ForCausalLM']]);
});
