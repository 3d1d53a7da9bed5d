// The rename that makes an export visible, and the two of an overwriting.
import { lstat, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import { syncPath } from '../files/durable.ts';
import { errorCode } from '../files/error-code.ts';
import { exportDigest, type Manifest } from './manifest.ts';
import { setAsidePath, stagingPaths } from '../files/staging.ts';
import { readTarget, whyKept, type TargetState } from './target-state.ts';

export interface Placement {
  readonly replaced: boolean;
  readonly warnings: readonly string[];
}

export interface PlaceRequest {
  readonly target: string;
  readonly staging: string;
  readonly manifest: Manifest;
  readonly overwrite: boolean;
  /** Called between the steps; it throws where they may not go on. */
  readonly step: (name: 'set aside' | 'rename' | 'remove old') => Promise<void>;
}

/**
 * Rename `publish/` to the target. An existing different target is first renamed aside, and removed only after the new one stands:
 * between these two renames no target is visible, which `recoverTarget` repairs after a crash.
 * @throws ConversionError TargetRefused for a target that may not be replaced; the file system's error otherwise.
 */
export async function placeTarget(request: PlaceRequest): Promise<Placement> {
  const { target, staging, manifest, step } = request;
  const source = stagingPaths(staging).publish;
  const state = await readTarget(target);
  if (isSameExport(state, manifest)) return { replaced: false, warnings: [] };
  if (state.kind === 'absent' || state.kind === 'empty') {
    await step('rename');
    await renameWhole(source, target, manifest);
    const warnings = state.kind === 'empty' ? [`${target} was an empty directory and was published over`] : [];
    return { replaced: false, warnings };
  }
  refuseReplacing(target, state, request.overwrite);
  const old = await freePath(setAsidePath(target, manifest.byte_digest));
  await step('set aside');
  await rename(target, old);
  await syncPath(dirname(resolve(target)));
  try {
    await step('rename');
    await renameWhole(source, target, manifest);
  } catch (error) {
    await rename(old, target).catch((failed: unknown) => {
      const message = `${target} could not be put back: what it held is at ${old} (${String(failed)}). Move it back by hand, or run again: the next run does.`;
      throw new ConversionError('PublishFailed', message, { cause: error, facts: { target, old } });
    });
    throw error;
  }
  await step('remove old');
  await rm(old, { recursive: true, force: true });
  return { replaced: true, warnings: [] };
}

export function isSameExport(state: TargetState, manifest: Manifest): boolean {
  return state.kind === 'export' && exportDigest(state.manifest) === exportDigest(manifest);
}

/** A retransmitted NFS rename fails although the first one succeeded, so the target is compared before the error counts. */
async function renameWhole(source: string, target: string, manifest: Manifest): Promise<void> {
  try {
    await rename(source, target);
  } catch (error) {
    const ambiguous = ['ENOENT', 'EEXIST', 'ENOTEMPTY'].includes(errorCode(error) ?? '');
    if (!ambiguous || !isSameExport(await readTarget(target), manifest)) throw error;
  }
  await syncPath(dirname(resolve(target)));
}

function refuseReplacing(target: string, state: TargetState, overwrite: boolean): void {
  const refuse = (why: string): never => {
    throw new ConversionError('TargetRefused', `${target} ${why}`, { facts: { target } });
  };
  if (state.kind === 'not a directory') refuse('exists and is not a directory; choose another hf_path.');
  if (!overwrite)
    refuse('exists and holds something else; choose another hf_path, or set overwrite=true to replace it.');
  const why = whyKept(state);
  if (why !== null) refuse(`${why}, so overwrite=true does not delete it; choose another hf_path.`);
}

async function freePath(path: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? path : `${path}-${number}`;
    if (!(await lstat(candidate).catch(() => null))) return candidate;
  }
}
