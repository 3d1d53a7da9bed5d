// The same request again, where its export is published: nothing is written, and only what was never tried is tried.
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { cp, open, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestShardsNow } from '../../src/checkpoint/completeness/digest-shards.ts';
import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import type { ConversionInput, ConversionRequest, ConversionResult, ConvertResult } from '../../src/contract/index.ts';
import { MANIFEST_FILE } from '../../src/contract/names.ts';
import { convert } from '../../src/engines/convert.ts';
import { validateParallelism } from '../../src/engines/preflight.ts';
import { runPipeline } from '../../src/engines/run-pipeline.ts';
import { verify } from '../../src/engines/verify.ts';
import { parseManifest } from '../../src/publish/manifest.ts';
import { inputFor, preflightFor, surroundingsFor, temporaryDirectory } from '../support/rank-conversion.ts';

let directory: string;
let target: string;

beforeAll(async () => {
  directory = await temporaryDirectory();
  target = join(directory, 'hf');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const ask = (request: Partial<ConversionRequest> = {}, path = target) =>
  inputFor('llama-trained', path, {
    distributed: false,
    max_shard_size: '2MB',
    wait: { initial_interval: '100ms' },
    ...request,
  });

interface Ran {
  readonly result: ConversionResult;
  readonly skipped: string[];
  readonly summaries: Map<string, string>;
}

async function run(request: Partial<ConversionRequest> = {}): Promise<Ran> {
  const skipped: string[] = [];
  const summaries = new Map<string, string>();
  const result = await runPipeline(await ask(request), surroundingsFor(), {
    onPhaseStart: () => undefined,
    onPhaseEnd: (phase, state, summary) => {
      summaries.set(phase, summary);
      if (state === 'skipped') skipped.push(phase);
    },
    onRetry: () => undefined,
  });
  return { result, skipped, summaries };
}

/** Names, inodes and bytes: what would show that a file was written again. */
async function fingerprint(path = target): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(path)).toSorted()) {
    const file = await open(join(path, name));
    hash.update(`${name} ${(await file.stat()).ino} `).update(await file.readFile());
    await file.close();
  }
  return hash.digest('hex');
}

const manifestAt = async () => parseManifest(await readFile(join(target, MANIFEST_FILE), 'utf8'));
const NO_SMOKE = { smoke: { enabled: false } };

describe('an export that was published without a smoke generation', () => {
  it('is not written again', async () => {
    await run(NO_SMOKE);
    const before = await fingerprint();
    const { result, summaries } = await run({ ...NO_SMOKE, verify: 'readback' });
    expect(result).toMatchObject({ already_published: true, validation: 'NOT VALIDATED', files_reused: result.files });
    expect(summaries.get('convert')).toMatch(/^3 files, 0 bytes written, 3 files reused$/);
    expect(await fingerprint()).toBe(before);
    expect(readdirSync(directory)).toEqual(['hf']);
  });

  it('stays as it is when the model fails, and the failure says so', async () => {
    const before = await fingerprint();
    const failure = run({ smoke: { min_perplexity_ratio: 1e9 } });
    await expect(failure).rejects.toMatchObject({
      type: 'SmokeFailed',
      problems: [expect.stringContaining('1000000000')],
    });
    await expect(failure).rejects.toThrow(`${target} is left as it is`);
    expect(await fingerprint()).toBe(before);
  });

  it('is tried where it stands, and only its manifest changes', async () => {
    const weights = await fingerprintWeights();
    const { result, skipped } = await run();
    expect(result).toMatchObject({ already_published: true, validation: 'VALIDATED' });
    expect(skipped).toEqual([]);
    expect(await manifestAt()).toMatchObject({ validation: 'VALIDATED', smoke: { validated: true }, warnings: [] });
    expect(await fingerprintWeights()).toBe(weights);
    expect(readdirSync(directory)).toEqual(['hf']);
  });

  it('is not tried again by a request with the same settings, nor by one whose limits the figures meet', async () => {
    const before = await fingerprint();
    for (const smoke of [{}, { max_perplexity: 1000 }, { enabled: false }]) {
      const { result, skipped } = await run({ smoke });
      expect(skipped).toEqual(['smokeGenerate']);
      expect(result).toMatchObject({ validation: 'VALIDATED', already_published: true });
    }
    expect(await fingerprint()).toBe(before);
  });
});

async function fingerprintWeights(): Promise<string> {
  const parts: string[] = [];
  for (const name of (await readdir(target)).filter((file) => file.endsWith('.safetensors'))) {
    const file = await open(join(target, name));
    parts.push(`${name} ${(await file.stat()).ino}`);
    await file.close();
  }
  return parts.join();
}

/** The preflight, on a checkpoint that was just looked at. */
async function check(input: ConversionInput) {
  const checkpoint = await readCheckpoint(input.megatron_path);
  const completeness = {
    metadata_digest: checkpoint.metadataDigest,
    shards_digest: await digestShardsNow(checkpoint),
  };
  return validateParallelism(input, completeness, surroundingsFor());
}

describe('what is not the same export', () => {
  it('is refused early with other reference files, by name, and with another dtype', async () => {
    const reference = join(directory, 'reference');
    await cp((await ask()).hf_model_id, reference, { recursive: true });
    await writeFile(join(reference, 'generation_config.json'), '{"do_sample": false}');
    await expect(check(await ask({ hf_model_id: reference }))).rejects.toMatchObject({
      type: 'TargetRefused',
      message: expect.stringMatching(/same weights and another reference.*overwrite=true/s),
    });
    await expect(check(await ask({ dtype: 'float32' }))).rejects.toMatchObject({ type: 'TargetRefused' });
    await rm(reference, { recursive: true });
  });

  it('the preflight says that nothing will be written, and needs no room', async () => {
    const { notes } = await check(await ask());
    expect(notes).toContainEqual(expect.stringContaining('hf_path holds this very export already, VALIDATED'));
  });

  it('is refused where a published file was changed, and nothing is touched', async () => {
    const input = await ask({ verify: 'readback' });
    const preflight = await preflightFor(input, 1);
    const converted: ConvertResult = await convert(input, preflight, surroundingsFor());
    expect(converted).toMatchObject({ bytes_written: 0, published: { smoke: { validated: true } } });
    const name = (await readdir(target)).find((file) => file.endsWith('.safetensors')) ?? '';
    const damage = async (position: number) => {
      const file = await open(join(target, name), 'r+');
      await file.write(Buffer.from('XYZ'), 0, 3, position);
      await file.close();
    };
    const size = (await readFile(join(target, name))).length;
    await damage(size - 3);
    await expect(verify(input, preflight, converted, surroundingsFor())).rejects.toMatchObject({
      type: 'VerificationFailed',
      problems: [expect.stringContaining(name)],
    });
    // Without reading back, the last phase reads the bytes before it says that they are published.
    await expect(run()).rejects.toMatchObject({ type: 'TargetRefused' });
    await damage(12);
    await expect(check(await ask({ overwrite: true }))).rejects.toMatchObject({
      type: 'TargetRefused',
      message: expect.stringContaining('by its manifest, but not by its files'),
    });
    expect(await readdir(target)).toContain(name);
  });
});
