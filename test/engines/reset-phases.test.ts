// A reset begins a phase again whatever came after it: what a publishing left half done, or has finished, is found where it lies.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type {
  ConversionInput,
  ConvertResult,
  PreflightResult,
  SmokeResult,
  VerifyResult,
} from '../../src/contract/index.ts';
import { MANIFEST_FILE } from '../../src/contract/names.ts';
import type { Surroundings } from '../../src/contract/surroundings.ts';
import { NOT_VALIDATED } from '../../src/contract/run-phases.ts';
import { buildPlan } from '../../src/engines/build-plan.ts';
import { convert } from '../../src/engines/convert.ts';
import { findExport } from '../../src/engines/find-export.ts';
import { publishPhase } from '../../src/engines/publish-phase.ts';
import { verify } from '../../src/engines/verify.ts';
import { stagingPaths } from '../../src/files/staging.ts';
import { copyReference } from '../../src/publish/copy-reference.ts';
import { takeOwnership } from '../../src/publish/ownership.ts';
import { digestFiles } from '../../src/reference/read-directory.ts';
import type { Reference } from '../../src/reference/types.ts';
import { inputFor, preflightFor, surroundingsFor, temporaryDirectory } from '../support/rank-conversion.ts';
import { manifestOf } from '../support/publish-staging.ts';

/** A workflow's: runs of one id are one owner. */
const aroundRun = (changes: Partial<Surroundings> = {}, runId = 'first') => {
  const around = surroundingsFor(changes);
  return { ...around, worker: { ...around.worker, kind: 'workflow' as const, runId } };
};

let directory: string;
let input: ConversionInput;
let preflight: PreflightResult;
let converted: ConvertResult;
let files: readonly string[];

beforeAll(async () => {
  directory = await temporaryDirectory();
  input = await inputFor('llama-trained', join(directory, 'target'), { max_shard_size: '2MB' });
  preflight = await preflightFor(input, 1);
  converted = await convert(input, preflight, aroundRun());
  files = await readdir(stagingPaths(converted.staging).export);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function digestOfConfig({ path, tokenizer }: Reference): Promise<string> {
  const others = (tokenizer?.files ?? []).map((name) => [name, join(tokenizer?.path ?? '', name)] as const);
  return digestFiles(new Map([['config.json', join(path, 'config.json')], ...others]));
}

async function publish(
  smoke: SmokeResult,
  around = aroundRun(),
  known?: VerifyResult,
): ReturnType<typeof publishPhase> {
  const completeness = {
    path: input.megatron_path,
    iteration: 1,
    metadata_digest: 'cd'.repeat(32),
    shards_digest: 'cd'.repeat(32),
    common_state: 'common.pt' as const,
    files: 2,
    bytes: 40,
    items: 3,
    tracker: null,
    run_config: false,
    warnings: [],
  };
  const verified = known ?? (await verify(input, preflight, converted, aroundRun()));
  return publishPhase(input, { completeness, preflight, converted, verified, smoke }, around);
}

const stopAt = (step: string) =>
  aroundRun({
    onProgress: ({ message }) => {
      if (message === step) throw new Error(`stopped before ${step}`);
    },
  });
const manifestAt = async (): Promise<unknown> => JSON.parse(await readFile(join(input.hf_path, MANIFEST_FILE), 'utf8'));

it.each(['verify', 'smoke'])('%s takes back what a publishing had moved that did not end', async (phase) => {
  await expect(publish(NOT_VALIDATED, stopAt('rename'))).rejects.toMatchObject({ type: 'PublishFailed' });
  const paths = stagingPaths(converted.staging);
  expect(await readdir(paths.export)).toEqual([]);
  if (phase === 'verify') {
    const verified = await verify(input, preflight, converted, aroundRun());
    expect(verified).toMatchObject({ files: preflight.files, tensors: preflight.tensors });
  } else {
    const found = await findExport(input, preflight, converted, aroundRun());
    expect(found).toMatchObject({ directory: paths.export, isPublished: false });
  }
  expect((await readdir(paths.export)).toSorted()).toEqual(files.toSorted());
  expect(await readdir(paths.done)).toHaveLength(preflight.files);
});

it('nothing is taken back while another run works on the target', async () => {
  await expect(publish(NOT_VALIDATED, stopAt('rename'))).rejects.toMatchObject({ type: 'PublishFailed' });
  const other = { ...aroundRun().worker, workflowId: 'another' };
  await takeOwnership(input.hf_path, preflight.byte_digest, {
    worker: other,
    isOwnerAlive: () => Promise.resolve(false),
  });
  await expect(verify(input, preflight, converted, aroundRun())).rejects.toMatchObject({ type: 'TargetOwned' });
  await expect(findExport(input, preflight, converted, aroundRun())).rejects.toMatchObject({
    type: 'TargetOwned',
  });
  expect(await readdir(stagingPaths(converted.staging).export)).toEqual([]);
  await takeOwnership(input.hf_path, preflight.byte_digest, {
    ...aroundRun(),
    isOwnerAlive: () => Promise.resolve(false),
  });
});

it('what another request has put beside the weights meanwhile is neither verified, nor tried, nor published', async () => {
  const { plan, reference } = await buildPlan(input, aroundRun());
  await copyReference(
    input,
    plan,
    { ...reference, files: [], digest: await digestOfConfig(reference) },
    converted.staging,
  );
  const refused = { type: 'VerificationFailed', message: expect.stringContaining('of another reference') };
  await expect(verify(input, preflight, converted, aroundRun())).rejects.toMatchObject(refused);
  await expect(findExport(input, preflight, converted, aroundRun())).rejects.toMatchObject(refused);
  const verified = {
    mode: 'headers' as const,
    tensors: 1,
    parameters: 1,
    bytes: 1,
    files: 1,
    seconds: 1,
    warnings: [],
  };
  await expect(publish(NOT_VALIDATED, aroundRun(), verified)).rejects.toMatchObject(refused);
  expect(await readdir(directory)).not.toContain('target');
  await copyReference(input, plan, reference, converted.staging);
});

it('verify finds the export published, also where staging was not removed yet', async () => {
  await expect(publish(NOT_VALIDATED, stopAt('clean'))).rejects.toMatchObject({ type: 'PublishFailed' });
  for (let look = 0; look < 2; look += 1) {
    const verified = await verify(input, preflight, converted, aroundRun());
    expect(verified).toMatchObject({ files: preflight.files, tensors: preflight.tensors });
    await rm(converted.staging, { recursive: true, force: true });
  }
});

it('what the smoke generation of such a run proves is told by the manifest too', async () => {
  expect(await manifestAt()).toMatchObject({ validation: 'NOT VALIDATED' });
  const { smoke } = manifestOf(input.hf_path);
  const result = await publish(smoke, aroundRun({}, 'reset'));
  expect(result.warnings).toEqual([expect.stringContaining('VALIDATED')]);
  expect(await manifestAt()).toMatchObject({ validation: 'VALIDATED', run: { run_id: 'reset' } });
});

it('verify reads the small files of a published export, and looks for files that were added', async () => {
  const config = join(input.hf_path, 'config.json');
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace('llama', 'lLama'));
  await writeFile(join(input.hf_path, 'model.safetensors'), '');
  await expect(verify(input, preflight, converted, aroundRun())).rejects.toMatchObject({
    type: 'VerificationFailed',
    problems: [
      expect.stringContaining('config.json: its bytes'),
      expect.stringContaining('model.safetensors was added'),
    ],
  });
  expect(await readdir(input.hf_path)).toContain('model.safetensors');
});

it('verify says what to do where neither holds the export', async () => {
  await rm(input.hf_path, { recursive: true });
  await expect(verify(input, preflight, converted, aroundRun())).rejects.toMatchObject({
    type: 'VerificationFailed',
    message: expect.stringContaining('Run the conversion again'),
  });
});
