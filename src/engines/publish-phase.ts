// The last phase: manifest and rename. Works from the results of the others and from the staging directory.
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findPackageRoot } from '../config/package-root.ts';
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import type { PublishResult } from '../contract/results.ts';
import { readPlan } from '../plan/plan-files.ts';
import type { PlanSummary } from '../plan/types.ts';
import { addVerdict } from '../publish/add-verdict.ts';
import { composeManifest, type PhaseResults } from '../publish/compose-manifest.ts';
import { type CopiedReference, readCopiedReference, refuseOtherReference } from '../publish/copy-reference.ts';
import { hashFile } from '../publish/hash-file.ts';
import type { Manifest, ManifestFile } from '../publish/manifest.ts';
import { publishExport } from '../publish/publish.ts';
import { stagingPaths } from '../files/staging.ts';
import { keptPaths, overlapProblems } from '../publish/target-rules.ts';
import { findPublished } from '../publish/target-state.ts';
import { guardPhase } from './guard-phase.ts';
import { keptOf } from './kept-paths.ts';
import { recordedVerdict } from './reuse-verdict.ts';
import { readDoneRecord } from '../rank/done-record.ts';
import { isRemoteCodeAllowed } from '../reference/remote-code.ts';
import { INDEX_FILE } from '../safetensors/read-index.ts';
import type { Surroundings } from '../contract/surroundings.ts';

/**
 * Publish what the earlier phases made at `hf_path`. An attempt that follows a crash goes on where that one stopped.
 * @throws ConversionError TargetOwned, TargetRefused, VerificationFailed (staging is not whole), PublishFailed.
 */
export async function publishPhase(
  input: ConversionInput,
  results: PhaseResults,
  surroundings: Surroundings,
): Promise<PublishResult> {
  const { staging } = results.converted;
  await guardPhase(input, surroundings.policy, results);
  const overlaps = await overlapProblems(
    resolve(input.hf_path),
    keptPaths(input.megatron_path, keptOf(input, results.preflight.reference_path)),
  );
  if (overlaps.length > 0)
    throw new ConversionError('TargetRefused', `${overlaps.join('; ')}.`, { problems: overlaps });
  const { manifest, isPublished } = await findManifest(input, results, surroundings);
  const result = await publishExport({
    target: input.hf_path,
    staging,
    manifest,
    isPublished,
    overwrite: input.overwrite,
    surroundings,
    onStep: (step) => surroundings.onProgress({ phase: 'publish', message: step }),
  });
  // It is this run's manifest where the run added its verdict; the export was there before.
  return results.converted.published ? { ...result, already_published: true } : result;
}

interface ToPublish {
  readonly manifest: Manifest;
  /** It is that of the target, and what may lie in staging is not meant. */
  readonly isPublished: boolean;
}

/** A crash may also have interrupted the removal of a staging directory whose export stands; then the target speaks for itself. */
async function findManifest(
  input: ConversionInput,
  results: PhaseResults,
  surroundings: Surroundings,
): Promise<ToPublish> {
  if (results.converted.published) {
    const manifest = await manifestOfTarget(input, results, surroundings);
    if (manifest) return { manifest, isPublished: true };
    const message = `${input.hf_path} no longer holds the export that the conversion found there, or its verdict. Run the conversion again.`;
    throw new ConversionError('VerificationFailed', message, { facts: { target: input.hf_path } });
  }
  try {
    return { manifest: await manifestOfStaging(input, results, surroundings), isPublished: false };
  } catch (error) {
    const manifest = error instanceof ConversionError ? await manifestOfTarget(input, results, surroundings) : null;
    if (manifest) return { manifest, isPublished: true };
    throw error;
  }
}

async function manifestOfStaging(
  input: ConversionInput,
  results: PhaseResults,
  { policy, worker }: Surroundings,
): Promise<Manifest> {
  const { staging } = results.converted;
  const reference = await readCopiedReference(staging);
  if (!reference || !existsSync(stagingPaths(staging).plan)) {
    const message = `Neither ${staging} nor ${input.hf_path} holds this export. Run the conversion again.`;
    throw new ConversionError('VerificationFailed', message, { facts: { staging, target: input.hf_path } });
  }
  refuseOtherReference(reference, results.preflight.reference_digest, staging);
  const plan = await readPlan(staging);
  return composeManifest({
    ...results,
    input,
    plan,
    reference,
    remoteCodeAllowed: isRemoteCodeAllowed(input, policy, { ...reference, remoteCode: reference.remote_code }),
    files: await listFiles(staging, plan, reference),
    worker,
    version: await packageVersion(),
    written: new Date().toISOString(),
  });
}

/**
 * After the crash of an attempt that had removed its staging, after a conversion that found its export published, and for a run that was
 * reset after it had published. With what this run proved; null also where it relied on a verdict that is no longer recorded.
 */
async function manifestOfTarget(
  input: ConversionInput,
  results: PhaseResults,
  { policy, worker }: Surroundings,
): Promise<Manifest | null> {
  const { preflight, converted } = results;
  const published = await findPublished(input.hf_path, preflight.byte_digest);
  if (published?.manifest.reference.digest !== preflight.reference_digest) return null;
  const { manifest } = published;
  if (converted.published?.smoke && recordedVerdict(manifest, input) === null) return null;
  const { id, revision, digest, remote_code: remoteCode } = manifest.reference;
  const remoteCodeAllowed = isRemoteCodeAllowed(input, policy, { id, revision, digest, remoteCode });
  return addVerdict(manifest, input, results, { worker, remoteCodeAllowed });
}

/** Digests of weights were taken while they were written, and compared by `verify`; the small files are read here. */
async function listFiles(staging: string, plan: PlanSummary, reference: CopiedReference): Promise<ManifestFile[]> {
  const small = [...reference.files, ...(plan.index ? [INDEX_FILE] : [])];
  const weights = plan.files.map(({ name, bytes }) => {
    const record = readDoneRecord(staging, name);
    if (record) return { name, bytes, sha256: record.sha256 };
    throw new ConversionError(
      'VerificationFailed',
      `${name} has no done record in ${staging}. Run the conversion again.`,
    );
  });
  const others = await Promise.all(small.map((name) => describeFile(staging, name)));
  return [...weights, ...others].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** An earlier attempt may have moved the file already. */
async function describeFile(staging: string, name: string): Promise<ManifestFile> {
  const paths = stagingPaths(staging);
  const path = [join(paths.export, name), join(paths.publish, name)].find((candidate) => existsSync(candidate));
  if (path === undefined) {
    throw new ConversionError('VerificationFailed', `${name} is not in ${staging}. Run the conversion again.`);
  }
  return { name, bytes: (await stat(path)).size, sha256: await hashFile(path) };
}

async function packageVersion(): Promise<string> {
  const text = await readFile(join(findPackageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
