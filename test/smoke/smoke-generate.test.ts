import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConversionInput, type SmokeResult } from '../../src/contract/index.ts';
import { ConversionError } from '../../src/contract/failures.ts';
import type { Progress } from '../../src/contract/results.ts';
import type { WorkerPolicy } from '../../src/contract/surroundings.ts';
import { DEFAULT_PASSAGES } from '../../src/smoke/passages.ts';
import { smokeGenerate } from '../../src/smoke/smoke-generate.ts';
import { surroundings } from '../support/publish-staging.ts';
import { PYTHON, TRAINED, writeVariants } from '../support/smoke-variants.ts';

const Measured = z.object({ passage: z.string(), megatron: z.number(), tokens: z.number() });
const Expected = z.object({
  perplexity: Measured.extend({ name: z.string() }),
  other_passages: z.record(z.string(), Measured),
});

const BROKEN = ['gate-up', 'q-heads-rolled', 'q-heads-interleaved', 'norm-first', 'norm-mlp', 'norm-final'] as const;

/** Less to generate, the same to measure. */
const SHORT = { prompts: ['In the beginning of'], max_new_tokens: 8 };

const policy = (python: readonly string[] = [PYTHON]): WorkerPolicy => ({ ...surroundings().policy, python });
const input = (smoke: ConversionInput['smoke'] | object = {}): ConversionInput =>
  ConversionInput.parse({ megatron_path: '/a', hf_model_id: 'b', hf_path: '/c', smoke });

const generate = (
  directory: string,
  smoke: object = {},
  around = surroundings({ policy: policy() }),
): Promise<SmokeResult> => smokeGenerate(input(smoke), directory, around);

const failureOf = (attempt: Promise<unknown>): Promise<ConversionError> =>
  attempt.then(
    () => {
      throw new Error('did not fail');
    },
    (error: unknown) => {
      if (error instanceof ConversionError) return error;
      throw error;
    },
  );

describe('smokeGenerate with transformers', () => {
  let variants: Awaited<ReturnType<typeof writeVariants>>;
  let sound: SmokeResult;
  const progress: Progress[] = [];

  beforeAll(async () => {
    variants = await writeVariants(['sound', 'nan', 'missing', ...BROKEN]);
    sound = await generate(
      join(variants.path, 'sound'),
      {},
      surroundings({ policy: policy(), onProgress: (seen) => progress.push(seen) }),
    );
  });
  afterAll(() => variants.remove());

  it('passes the sound export with room to spare, and keeps its text', () => {
    expect(sound.validated).toBe(true);
    expect(sound.warnings).toEqual([]);
    expect(sound.ratio).toBeGreaterThan(5 * input().smoke.min_perplexity_ratio);
    expect(sound.context_gain).toBeGreaterThan(1.15 * input().smoke.min_context_gain);
    expect(sound).toMatchObject({ device: 'cpu', dtype: 'float32', versions: { transformers: expect.any(String) } });
    expect(sound.samples.map(({ tokens }) => tokens)).toEqual([48, 48]);
    for (const { text } of sound.samples) expect(text).toMatch(/\b(the|and|of|unto)\b/);
    expect(progress.map(({ message }) => message)).toContainEqual(expect.stringContaining('loaded on cpu'));
  });

  it("measures what Megatron's own forward pass measured, within 1.02", async () => {
    const text = await readFile(join(TRAINED, 'expected.json'), 'utf8');
    const expected = Expected.parse(JSON.parse(text));
    const megatron = new Map([
      [expected.perplexity.name, expected.perplexity] as const,
      ...Object.entries(expected.other_passages),
    ]);
    expect(DEFAULT_PASSAGES.map(({ name, text: passage }) => [name, passage])).toEqual(
      [...megatron].map(([name, { passage }]) => [name, passage]),
    );
    for (const passage of sound.passages ?? []) {
      const ratio = passage.perplexity / (megatron.get(passage.name)?.megatron ?? Number.NaN);
      expect(Math.max(ratio, 1 / ratio), passage.name).toBeLessThan(1.02);
      expect(passage.tokens).toBe(megatron.get(passage.name)?.tokens);
    }
    expect(sound.passages).toHaveLength(megatron.size);
  });

  it('gives the same figures and the same text again', async () => {
    const again = await generate(join(variants.path, 'sound'));
    expect({ ...again, seconds: 0 }).toEqual({ ...sound, seconds: 0 });
  });

  it.each(BROKEN)('fails %s by the default rule', async (variant) => {
    const error = await failureOf(generate(join(variants.path, variant), SHORT));
    expect(error.type).toBe('SmokeFailed');
    const { ratio, context_gain } = error.facts as { ratio: number; context_gain: number };
    const { min_perplexity_ratio, min_context_gain } = input().smoke;
    expect(Math.min(ratio / min_perplexity_ratio, context_gain / min_context_gain)).toBeLessThan(0.9);
    expect(error.problems.join()).toMatch(/min_perplexity_ratio|min_context_gain/);
    expect(error.message).toMatch(/It wrote:\n.*"In the beginning of" -> /);
  });

  it('fails infinite logits and a key that is missing, and says which', async () => {
    const spoilt = await failureOf(generate(join(variants.path, 'nan'), SHORT));
    expect(spoilt).toMatchObject({ type: 'SmokeFailed' });
    expect(spoilt.message).toContain('not finite');
    const lacking = await failureOf(generate(join(variants.path, 'missing'), SHORT));
    expect(lacking.problems[0]).toBe('transformers reports 1 missing keys: model.layers.2.mlp.up_proj.weight');
  });

  it('honours prompts, length and max_perplexity', async () => {
    const smoke = { prompts: ['Then Jesus answered'], max_new_tokens: 8, max_perplexity: 2 };
    const error = await failureOf(generate(join(variants.path, 'sound'), smoke));
    expect(error.problems).toEqual([expect.stringMatching(/above 2 \(smoke.max_perplexity\)/)]);
    expect(error.facts['samples']).toMatchObject([{ prompt: 'Then Jesus answered', tokens: 8 }]);
  });
});

describe('a smoke program that does not come to its end', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'smoke-crash-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const standIn = async (body: string): Promise<string[]> => {
    const path = join(folder, 'program.sh');
    await writeFile(path, `${body}\n`);
    return ['/bin/sh', path];
  };
  const crash = async (python: readonly string[], smoke = {}): Promise<ConversionError> =>
    failureOf(generate(folder, smoke, surroundings({ policy: policy(python) })));

  it('is SmokeCrashed, with its last lines', async () => {
    await mkdir(join(folder, 'empty'));
    const error = await failureOf(generate(join(folder, 'empty')));
    expect(error.type).toBe('SmokeCrashed');
    expect(error.message).toMatch(/failed with \w+Error: [^]*Last lines:\n[^]*Error/);
  });

  it('for want of accelerate is a refusal that names it, and what asked for it', async () => {
    const error = await failureOf(generate(folder, { max_memory: '1GB', offload_folder: folder }));
    expect(error.type).toBe('LayoutInvalid');
    expect(error.message).toMatch(
      /^smoke.max_memory and smoke.offload_folder spread the model with accelerate, which .*python\S* does not have: install it/,
    );
  });

  it('by a signal, an exit code, an end too early or a limit is SmokeCrashed', async () => {
    expect(await crash(await standIn('kill -9 $$'))).toMatchObject({
      type: 'SmokeCrashed',
      message: expect.stringMatching(/SIGKILL.*memory/),
    });
    expect((await crash(await standIn('echo dying >&2; exit 3'))).message).toMatch(/exit code 3[^]*dying/);
    expect((await crash(await standIn('exit 0'))).message).toContain('before its last event');
    expect((await crash(await standIn('sleep 60'), { timeout: 0.3 })).message).toContain('smoke.timeout');
    expect((await crash(['/no/such/python'])).message).toContain('Python could not be started');
  });

  it('because of a cancellation passes the cancellation on', async () => {
    const signal = AbortSignal.timeout(300);
    const around = surroundings({ policy: policy(await standIn('sleep 60')), signal });
    await expect(generate(folder, {}, around)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('sees no tokens and no network', async () => {
    process.env['HF_TOKEN'] = 'secret';
    const error = await crash(await standIn('env; exit 1'));
    delete process.env['HF_TOKEN'];
    expect(error.message).not.toContain('secret');
    const { tail } = { tail: error.message };
    expect(tail).toContain('HF_HUB_OFFLINE=1');
  });
});
