// Exports of the family fixtures by the whole strict pipeline, compared with the expected tensors and loaded with transformers.
import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { ConversionInput, type ConversionRequest, type ConversionResult } from '../../src/contract/index.ts';
import { buildPlan } from '../../src/engines/build-plan.ts';
import { runPipeline } from '../../src/engines/run-pipeline.ts';
import type { ExpectedTensor, FamilyFixture, FamilyLayout } from './family-fixtures.ts';
import { digestTensors, surroundingsFor } from './rank-conversion.ts';
import { runPython } from './run-python.ts';

export interface FamilyExport {
  /** The published directory. */
  readonly directory: string;
  readonly result: ConversionResult;
}

export interface ExportOptions extends Partial<ConversionRequest> {
  /** Leaves the weights of the reference out, so that the expected key set comes from the family's formula. */
  readonly withoutWeights?: boolean;
}

/**
 * Waits, checks, converts, reads back and publishes, strictly, in this process and without the smoke generation.
 *
 * @param parent an existing directory that the caller removes; without it the export goes when the test ends
 * @throws ConversionError of any phase
 */
export async function exportLayout(
  fixture: FamilyFixture,
  layout: FamilyLayout,
  options: ExportOptions = {},
  parent?: string,
): Promise<FamilyExport> {
  const input = await inputOf(fixture, layout, options, parent);
  return { directory: input.hf_path, result: await runPipeline(input, surroundingsFor()) };
}

/** The formula of the family asks for the very tensors that the reference's weights name: both lead to the same plan. */
export async function expectSamePlanByFormula(fixture: FamilyFixture, layout: FamilyLayout): Promise<void> {
  const [byWeights, byFormula] = await Promise.all(
    [false, true].map(async (withoutWeights) =>
      buildPlan(await inputOf(fixture, layout, { withoutWeights }), surroundingsFor()),
    ),
  );
  expect(byFormula?.plan.byteDigest).toBe(byWeights?.plan.byteDigest);
}

async function inputOf(
  fixture: FamilyFixture,
  layout: FamilyLayout,
  { withoutWeights = false, ...request }: ExportOptions,
  parent?: string,
): Promise<ConversionInput> {
  const place = parent ?? (await temporaryDirectory());
  const name = `${fixture.name}-${layout.name}${withoutWeights ? '-formula' : ''}`;
  return ConversionInput.parse({
    megatron_path: layout.path,
    hf_model_id: withoutWeights
      ? await copyWithoutWeights(fixture, join(place, `${name}-reference`))
      : fixture.reference,
    hf_path: join(place, name),
    distributed: false,
    verify: 'readback',
    smoke: { enabled: false },
    max_shard_size: '24KB',
    ...request,
  });
}

/** Every tensor of the export: names, dtypes, shapes and the SHA-256 of the bytes. */
export async function expectSameTensors(
  directory: string,
  expected: Readonly<Record<string, ExpectedTensor>>,
): Promise<void> {
  const found = await digestTensors(directory);
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  expect(found).toEqual(expected);
}

const Loaded = z.object({
  architecture: z.string(),
  missing_keys: z.array(z.string()),
  unexpected_keys: z.array(z.string()),
  mismatched_keys: z.array(z.string()),
  /** Of the logits over 16 fixed token ids. */
  finite: z.boolean(),
  vocabulary: z.int(),
  /** Largest difference to Megatron's logits, the largest of those, and the share of positions with the same most likely token. */
  megatron: z.object({ max_difference: z.number(), max_logit: z.number(), same_argmax: z.number() }).nullable(),
});
export type LoadedExport = z.infer<typeof Loaded>;

export interface LoadRequest {
  readonly directory: string;
  /** `logits` of the fixture. */
  readonly logits?: string | null;
}

/** AutoModelForCausalLM on each directory, float32, one run of the script for all. @throws Error with the stderr of the loader. */
export async function loadWithTransformers(requests: readonly LoadRequest[]): Promise<readonly LoadedExport[]> {
  const wanted = JSON.stringify(requests.map(({ directory, logits = null }) => ({ directory, logits })));
  const stdout = await runPython(join(import.meta.dirname, 'load_exports.py'), [], wanted);
  return z.array(Loaded).parse(JSON.parse(stdout));
}

/** What a sound export shows: nothing missing, unexpected or mismatched, numbers that are finite, and Megatron's where known. */
export function expectSoundLoad(loaded: LoadedExport | undefined): void {
  expect(loaded).toMatchObject({ missing_keys: [], unexpected_keys: [], mismatched_keys: [], finite: true });
  if (!loaded?.megatron) return;
  expect(loaded.megatron.max_difference).toBeLessThan(1e-5 * Math.max(1, loaded.megatron.max_logit));
  expect(loaded.megatron.same_argmax).toBe(1);
}

async function copyWithoutWeights({ reference }: FamilyFixture, target: string): Promise<string> {
  await cp(reference, target, { recursive: true, filter: (path) => !path.endsWith('.safetensors') });
  return target;
}

async function temporaryDirectory(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'm2hf-family-')));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}
