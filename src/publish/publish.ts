// Publishing: manifest, flush, one rename. Every step can be repeated, so a crash anywhere is repaired by running it again.
import { readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ConversionError } from '../contract/failures.ts';
import { MANIFEST_FILE } from '../contract/names.ts';
import type { PublishResult } from '../contract/results.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import { syncPath, writeDurably, writeTemporary } from '../files/durable.ts';
import { errorCode } from '../files/error-code.ts';
import { gatherFiles } from './gather-files.ts';
import { parseManifest, serializeManifest, type Manifest } from './manifest.ts';
import { checkOwnership, releaseOwnership, takeOwnership } from './ownership.ts';
import { isSameExport, placeTarget } from './place-target.ts';
import { recoverTarget } from './recover-target.ts';
import { refuseDamaged } from './refuse-damaged.ts';
import { ownerPath, stagingPaths } from '../files/staging.ts';
import { readTarget } from './target-state.ts';

/** In their order; `set aside` and `remove old` only where a target is replaced. */
export const PUBLISH_STEPS = [
  'recover',
  'manifest',
  'gather',
  'set aside',
  'rename',
  'remove old',
  'clean',
  'release',
] as const;
export type PublishStep = (typeof PUBLISH_STEPS)[number];

export interface PublishRequest {
  readonly target: string;
  readonly staging: string;
  readonly manifest: Manifest;
  readonly overwrite: boolean;
  /** The manifest is that of the target, which therefore must hold the export. @default false */
  readonly isPublished?: boolean;
  readonly surroundings: Pick<Surroundings, 'signal' | 'worker' | 'isOwnerAlive'>;
  /** Called before each step; for progress, and for tests that crash there. */
  readonly onStep?: (step: PublishStep) => void | Promise<void>;
}

/**
 * Publish the staging directory at the target. Finding exactly this export there already is success.
 * @throws ConversionError TargetOwned, TargetRefused, VerificationFailed (staging is not whole), PublishFailed (the file system).
 */
export async function publishExport(request: PublishRequest): Promise<PublishResult> {
  try {
    return await runSteps(request);
  } catch (error) {
    if (error instanceof ConversionError || request.surroundings.signal.aborted) throw error;
    const message = `Cannot publish ${request.staging} at ${request.target}: ${error instanceof Error ? error.message : String(error)}`;
    const facts = { target: request.target, staging: request.staging, code: errorCode(error) };
    throw new ConversionError('PublishFailed', message, { facts, cause: error });
  }
}

async function runSteps(request: PublishRequest): Promise<PublishResult> {
  const { target, staging, surroundings, overwrite } = request;
  const digest = request.manifest.byte_digest;
  const step = async (name: PublishStep): Promise<void> => {
    await request.onStep?.(name);
    surroundings.signal.throwIfAborted();
    await checkOwnership(target, digest, surroundings);
  };
  await takeOwnership(target, digest, surroundings);
  await step('recover');
  const recovery = await recoverTarget(target);
  const present = await readTarget(target);
  const published = present.kind === 'export' && isSameExport(present, request.manifest);
  if (published) await refuseDamaged(target, request.manifest, present.entries, surroundings.signal);
  if (!published && request.isPublished === true) throw vanished(target);
  let replaced = recovery.finished;
  const warnings = [...recovery.warnings];
  if (!published) {
    await step('manifest');
    const manifest = await persistManifest(request);
    await step('gather');
    await gatherFiles(staging, manifest);
    const placement = await placeTarget({ target, staging, manifest, overwrite, step });
    replaced ||= placement.replaced;
    warnings.push(...placement.warnings);
  } else if (present.kind === 'export' && isUpgrade(present.manifest, request.manifest)) {
    await step('manifest');
    await replaceManifest(target, request.manifest);
    warnings.push(`the export at ${target} was already there; its manifest now says VALIDATED by this run`);
  }
  await step('clean');
  await rm(staging, { recursive: true, force: true });
  const result = await describe(request, { published, replaced, warnings });
  await step('release');
  await releaseOwnership(target, surroundings);
  return result;
}

/** What may lie in staging was verified by nobody. */
function vanished(target: string): ConversionError {
  const message = `${target} no longer holds the export that was published there. Run the conversion again.`;
  return new ConversionError('VerificationFailed', message, { facts: { target } });
}

/** The manifest of an earlier attempt at the same export is kept, so that its times and its digest do not change. */
async function persistManifest({ staging, manifest }: PublishRequest): Promise<Manifest> {
  const path = stagingPaths(staging).manifest;
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  });
  const earlier = parseManifest(text);
  if (earlier && isDeepStrictEqual(withoutRun(earlier), withoutRun(manifest))) return earlier;
  await writeDurably(path, serializeManifest(manifest));
  return manifest;
}

/** As JSON, since `undefined` members do not survive the disk. */
function withoutRun(manifest: Manifest): unknown {
  return JSON.parse(JSON.stringify({ ...manifest, run: null }));
}

/** We know more than the manifest that is there: the model was tried, or was tried in another way. */
function isUpgrade(present: Manifest, ours: Manifest): boolean {
  if (ours.validation !== 'VALIDATED') return false;
  return present.validation === 'NOT VALIDATED' || !isDeepStrictEqual(wayOfTrying(present), wayOfTrying(ours));
}

function wayOfTrying({ options, reference }: Manifest): unknown {
  const withCode = reference.remote_code.length > 0 && options['trust_remote_code'] === true;
  return JSON.parse(JSON.stringify({ smoke: options['smoke'] ?? null, withCode }));
}

/** The temporary file lies beside the target, so that nothing strange is ever seen inside. */
async function replaceManifest(target: string, manifest: Manifest): Promise<void> {
  await rename(await writeTemporary(ownerPath(target), serializeManifest(manifest)), join(target, MANIFEST_FILE));
  await syncPath(target);
}

async function describe(
  { target, surroundings }: PublishRequest,
  outcome: { published: boolean; replaced: boolean; warnings: string[] },
): Promise<PublishResult> {
  const path = join(resolve(target), MANIFEST_FILE);
  const text = await readFile(path, 'utf8');
  const manifest = parseManifest(text);
  if (!manifest)
    throw new ConversionError('PublishFailed', `${path} was replaced by something else while it was published`);
  const { runId, workflowId } = surroundings.worker;
  const byThisRun = manifest.run.run_id === runId && manifest.run.workflow_id === workflowId;
  return {
    path: resolve(target),
    manifest: path,
    manifest_digest: createHash('sha256').update(text).digest('hex'),
    files: manifest.files.length + 1,
    bytes: manifest.bytes,
    already_published: outcome.published && !byThisRun,
    replaced: outcome.replaced,
    warnings: outcome.warnings,
  };
}
