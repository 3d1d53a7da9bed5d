import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConversionInput, type SmokeResult } from '../../src/contract/index.ts';
import { MANIFEST_FILE } from '../../src/contract/names.ts';
import { publishPhase } from '../../src/engines/publish-phase.ts';
import { NOT_VALIDATED } from '../../src/contract/run-phases.ts';
import { writePlan } from '../../src/plan/plan-files.ts';
import type { Plan } from '../../src/plan/types.ts';
import type { PhaseResults } from '../../src/publish/compose-manifest.ts';
import { copyReference } from '../../src/publish/copy-reference.ts';
import { parseManifest } from '../../src/publish/manifest.ts';
import { stagingPath, stagingPaths } from '../../src/files/staging.ts';
import { digestFiles } from '../../src/reference/read-directory.ts';
import { resolveReference } from '../../src/reference/resolve.ts';
import type { Reference } from '../../src/reference/types.ts';
import { BYTE_DIGEST, makeFolder, manifestOf, readTree, surroundings, worker } from '../support/publish-staging.ts';

const WEIGHTS = 'model.safetensors';
const WEIGHTS_SHA256 = createHash('sha256').update('twelve bytes').digest('hex');
const HEADER = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
const line = { rule: 'mapped', tensors: 1, bytes: 4, examples: ['w'] };
const PLAN: Plan = {
  format: 1,
  byteDigest: BYTE_DIGEST,
  checkpoint: '/run/iter_0000001',
  family: 'llama',
  files: [{ name: WEIGHTS, bytes: 12, header: HEADER, items: [], tensors: [] }],
  index: null,
  books: {
    mapped: line,
    dropped: [{ ...line, rule: 'rng' }],
    vocabularyPadding: { rows: 3, bytes: 24 },
    produced: 1,
    excused: [],
    unmapped: [],
    missing: [],
  },
  tensors: 1,
  parameters: 1,
  bytes: 4,
};

let folder: Awaited<ReturnType<typeof makeFolder>>;
let input: ConversionInput;
let results: PhaseResults;

beforeEach(async () => {
  folder = await makeFolder();
  const reference = join(folder.path, 'reference');
  await mkdir(reference);
  await writeFile(
    join(reference, 'config.json'),
    '{"architectures": ["L"], "model_type": "llama", "dtype": "bfloat16"}',
  );
  await writeFile(join(reference, 'tokenizer.json'), '{}');
  input = ConversionInput.parse({
    megatron_path: '/run/iter_0000001',
    hf_model_id: reference,
    hf_path: join(folder.path, 'hf'),
  });
  results = await stage(manifestOf(input.hf_path).smoke);
});
afterEach(() => folder.remove());

/** What the phases before leave: a plan, a finished file, the reference. */
async function stage(smoke: SmokeResult, made: Partial<Reference> = {}): Promise<PhaseResults> {
  const staging = stagingPath(input.hf_path, BYTE_DIGEST);
  const paths = stagingPaths(staging);
  await mkdir(paths.export, { recursive: true });
  await mkdir(paths.done, { recursive: true });
  await writePlan(PLAN, staging);
  await writeFile(join(paths.export, WEIGHTS), 'twelve bytes');
  const done = { name: WEIGHTS, byteDigest: BYTE_DIGEST, bytes: 12, sha256: WEIGHTS_SHA256, tensors: { w: 1 } };
  const figures = { bytesRead: 12, unchecked: 0, rank: 0, attempt: 1, seconds: 1 };
  await writeFile(join(paths.done, `${WEIGHTS}.json`), JSON.stringify({ ...done, ...figures }));
  const reference = { ...(await resolveReference(input, surroundings(), {})), ...made };
  await copyReference(input, PLAN, reference, staging);
  return {
    completeness: {
      path: input.megatron_path,
      iteration: 1,
      metadata_digest: 'cd'.repeat(32),
      shards_digest: 'cd'.repeat(32),
      common_state: 'common.pt',
      files: 2,
      bytes: 40,
      items: 3,
      tracker: null,
      run_config: false,
      warnings: ['copied without times'],
    },
    preflight: {
      engine: 'stream',
      family: 'llama',
      architecture: 'L',
      reference_revision: null,
      reference_path: reference.path,
      reference_digest: reference.digest,
      byte_digest: BYTE_DIGEST,
      tensors: 1,
      parameters: 1,
      bytes: 4,
      files: 1,
      ranks: 2,
      warnings: ['copied without times'],
      notes: [],
    },
    converted: {
      staging,
      byte_digest: BYTE_DIGEST,
      files: 1,
      files_reused: 0,
      bytes_written: 12,
      bytes_reused: 0,
      bytes_read: 12,
      ranks: 2,
      attempt: 1,
      seconds: 3,
      warnings: [],
    },
    verified: { mode: 'headers', tensors: 1, parameters: 1, bytes: 12, files: 1, seconds: 1, warnings: [] },
    smoke,
  };
}

const manifestAt = async (): Promise<ReturnType<typeof parseManifest>> =>
  parseManifest(await readFile(join(input.hf_path, MANIFEST_FILE), 'utf8'));

describe('publishPhase', () => {
  it('publishes staging with a manifest that tells everything', async () => {
    const result = await publishPhase(input, results, surroundings());
    expect(result).toMatchObject({ path: input.hf_path, files: 4, already_published: false });
    expect(Object.keys((await readTree(input.hf_path)) ?? {}).sort()).toEqual([
      'config.json',
      MANIFEST_FILE,
      WEIGHTS,
      'tokenizer.json',
    ]);
    expect(await readdir(folder.path)).toEqual(['hf', 'reference']);
    expect(await manifestAt()).toMatchObject({
      artifacts: {
        consumes: [{ type: 'checkpoint_megatron', path: '/run/iter_0000001', digest: 'cd'.repeat(32) }],
        produces: [{ type: 'checkpoint_hf', path: input.hf_path }],
      },
      validation: 'VALIDATED',
      byte_digest: BYTE_DIGEST,
      source: { iteration: 1, metadata_digest: 'cd'.repeat(32) },
      engine: { name: 'stream', version: '0.1.0', ranks: 2 },
      files: [
        { name: 'config.json' },
        { name: WEIGHTS, bytes: 12, sha256: WEIGHTS_SHA256 },
        { name: 'tokenizer.json' },
      ],
      books: { dropped: [{ rule: 'rng' }], vocabulary_padding: { rows: 3, bytes: 24 } },
      config_patches: [{ field: 'dtype', from: 'bfloat16', to: 'float32' }],
      smoke: { samples: [{ prompt: 'In', text: ' the' }] },
      warnings: ['copied without times'],
      run: { workflow_id: 'convert-a', run_id: 'run-1' },
    });
  });

  it('says what was assumed in a config that no reference gave', async () => {
    const text = '{"architectures": ["L"], "model_type": "llama", "eos_token_id": 7}';
    const assumed = [{ field: 'eos_token_id', value: 7, why: 'of the tokenizer' }];
    const tokenizer = join(input.hf_model_id, 'tokenizer.json');
    const contents = new Map<string, string | Buffer>([
      ['config.json', Buffer.from(text)],
      ['tokenizer.json', tokenizer],
    ]);
    const synthesis = { text, source: 'run_config.yaml', assumed };
    results = await stage(results.smoke, { id: 'from-checkpoint', synthesis, digest: await digestFiles(contents) });
    await publishPhase(input, results, surroundings());
    expect(await readFile(join(input.hf_path, 'config.json'), 'utf8')).toBe(text);
    expect(await manifestAt()).toMatchObject({
      reference: { id: 'from-checkpoint', tokenizer_source: 'checkpoint' },
      config_synthesis: { source: 'run_config.yaml', assumed },
      config_patches: [],
    });
  });

  it('says NOT VALIDATED where the smoke generation was switched off, until a run validates the export', async () => {
    await publishPhase(input, { ...results, smoke: NOT_VALIDATED }, surroundings());
    expect(await manifestAt()).toMatchObject({ validation: 'NOT VALIDATED' });
    results = await stage(manifestOf(input.hf_path).smoke);
    const again = surroundings({ worker: worker({ runId: 'run-2' }) });
    expect((await publishPhase(input, results, again)).warnings).toHaveLength(1);
    expect(await manifestAt()).toMatchObject({ validation: 'VALIDATED', run: { run_id: 'run-2' } });
  });

  it('finds its work done after a crash during the removal of staging', async () => {
    const first = await publishPhase(input, results, surroundings());
    const paths = stagingPaths(results.converted.staging);
    await mkdir(paths.filePlans, { recursive: true });
    await writeFile(paths.plan, '{"half": tr');
    await expect(publishPhase(input, results, surroundings())).resolves.toMatchObject({
      manifest_digest: first.manifest_digest,
      already_published: false,
    });
    expect(await readdir(folder.path)).toEqual(['hf', 'reference']);
  });

  it('deletes nothing but the staging directory of its own target, and nothing outside the roots of this worker', async () => {
    const precious = join(folder.path, 'precious');
    await mkdir(precious);
    const elsewhere = { ...results, converted: { ...results.converted, staging: precious } };
    await expect(publishPhase(input, elsewhere, surroundings())).rejects.toMatchObject({ type: 'PolicyRefused' });
    const narrow = surroundings({ policy: { ...surroundings().policy, allowedRoots: ['/allowed/only'] } });
    await expect(publishPhase(input, results, narrow)).rejects.toMatchObject({ type: 'PolicyRefused' });
    expect(await readdir(folder.path)).toContain('precious');
    expect(await readdir(folder.path)).not.toContain('hf');
  });

  it('never replaces the reference, whatever the preflight said', async () => {
    const over = { ...input, hf_model_id: input.hf_path, overwrite: true };
    await expect(publishPhase(over, results, surroundings())).rejects.toMatchObject({ type: 'TargetRefused' });
  });

  it('is final where neither staging nor target holds the export, and where a file is gone', async () => {
    await rm(join(stagingPaths(results.converted.staging).export, 'tokenizer.json'));
    await expect(publishPhase(input, results, surroundings())).rejects.toMatchObject({ type: 'VerificationFailed' });
    await rm(results.converted.staging, { recursive: true });
    await expect(publishPhase(input, results, surroundings())).rejects.toMatchObject({ type: 'VerificationFailed' });
  });

  it('does not take an export with another reference for its own', async () => {
    await publishPhase(input, results, surroundings());
    const other = { ...results, preflight: { ...results.preflight, reference_digest: '00'.repeat(32) } };
    await expect(publishPhase(input, other, surroundings())).rejects.toMatchObject({ type: 'VerificationFailed' });
    await writeFile(join(input.hf_model_id, 'tokenizer.json'), '{"new": 1}');
    results = await stage(results.smoke);
    await expect(publishPhase(input, results, surroundings())).rejects.toMatchObject({ type: 'TargetRefused' });
    await expect(publishPhase({ ...input, overwrite: true }, results, surroundings())).resolves.toMatchObject({
      replaced: true,
    });
  });

  it('refuses a target that is in work elsewhere', async () => {
    await publishPhase(input, results, surroundings());
    const { takeOwnership } = await import('../../src/publish/ownership.ts');
    await takeOwnership(input.hf_path, BYTE_DIGEST, surroundings({ worker: worker({ workflowId: 'other' }) }));
    await expect(publishPhase(input, results, surroundings())).rejects.toMatchObject({ type: 'TargetOwned' });
  });
});
