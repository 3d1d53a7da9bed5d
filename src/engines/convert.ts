// Phase `convert`: plan, staging, ranks, and what stands in `export/` afterwards.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readCheckpoint } from '../checkpoint/read-checkpoint.ts';
import { ConversionError, type ConversionInput, type ConvertResult, type PreflightResult } from '../contract/index.ts';
import { writePlan } from '../plan/plan-files.ts';
import { statFiles } from '../plan/stat-files.ts';
import type { Plan } from '../plan/types.ts';
import { copyReference } from '../publish/copy-reference.ts';
import { returnFiles } from '../publish/gather-files.ts';
import { takeOwnership } from '../publish/ownership.ts';
import { stagingPath } from '../files/staging.ts';
import { findFinished } from '../rank/done-record.ts';
import { targetError } from '../rank/io-error.ts';
import type { DoneRecord } from '../rank/types.ts';
import { convertBridge } from './bridge/convert-bridge.ts';
import { buildPlan, type BuiltPlan } from './build-plan.ts';
import { unfinished } from './convert-failures.ts';
import { writeIndex } from './convert-index.ts';
import { readFruitless } from './convert-progress.ts';
import { endAbandonedJob } from './end-abandoned-job.ts';
import { guardPhase } from './guard-phase.ts';
import { runRanks } from './convert-ranks.ts';
import { reusePublished } from './reuse-published.ts';
import type { Surroundings } from '../contract/surroundings.ts';

/**
 * Writes the files that are not finished yet, with the ranks of the preflight. Finished files of earlier attempts stay untouched, and
 * where the target holds this very export nothing is written at all.
 *
 * @throws ConversionError SourceChanged when the checkpoint is not what the preflight saw, before or after; TargetOwned; the ranks' own;
 * RankFailed and ConversionStalled, with `facts.final` after retry.fruitless_attempts in a row that finished no file.
 */
export async function convert(
  input: ConversionInput,
  preflight: PreflightResult,
  surroundings: Surroundings,
): Promise<ConvertResult> {
  try {
    await guardPhase(input, surroundings.policy);
    if (preflight.engine === 'bridge') return await convertBridge(input, preflight, surroundings);
    return await convertStream(input, preflight, surroundings);
  } catch (error) {
    throw await endAbandonedJob(error, input, preflight, surroundings);
  }
}

async function convertStream(
  input: ConversionInput,
  preflight: PreflightResult,
  surroundings: Surroundings,
): Promise<ConvertResult> {
  const started = performance.now();
  surroundings.onProgress({
    phase: 'convert',
    message: 'reading the checkpoint metadata',
    carry: carryOver(surroundings),
  });
  const built = await planAgain(input, preflight, surroundings);
  const { plan } = built;
  await takeOwnership(input.hf_path, plan.byteDigest, surroundings);
  const published = await reusePublished(input, built, started);
  if (published) return published;
  const staging = stagingPath(input.hf_path, plan.byteDigest);
  await onTarget(plan, staging, async () => {
    await mkdir(staging, { recursive: true });
    await returnFiles(staging);
    await writePlan(plan, staging);
  });
  const progress = await runRanks(plan, staging, input, preflight.ranks, surroundings).catch(async (error: unknown) => {
    // A shard that is written anew looks corrupt to a rank: the change is the better answer.
    if (error instanceof ConversionError && error.type === 'CorruptData') await refuseChanged(built, staging, input);
    throw error;
  });
  await refuseChanged(built, staging, input);
  const records = collectRecords(plan, staging);
  await onTarget(plan, staging, () => writeIndex(plan, staging));
  const { warnings } = await copyReference(input, plan, built.reference, staging);

  const bytes = records.reduce((sum, record) => sum + record.bytes, 0);
  return {
    staging,
    byte_digest: plan.byteDigest,
    files: records.length,
    files_reused: progress.totals.reusedFiles,
    bytes_written: bytes - progress.totals.reusedBytes,
    bytes_reused: progress.totals.reusedBytes,
    bytes_read: progress.bytesRead,
    ranks: preflight.ranks,
    attempt: Math.max(...records.map((record) => record.attempt)),
    seconds: (performance.now() - started) / 1000,
    warnings: [...warnings, ...uncheckedItems(records)],
  };
}

/** @throws ConversionError SourceChanged; what was written meanwhile is removed, so that no later attempt takes it for finished. */
async function refuseChanged(
  { checkpoint, stamps }: BuiltPlan,
  staging: string,
  input: ConversionInput,
): Promise<void> {
  const same =
    isDeepStrictEqual(await statFiles(checkpoint), stamps) &&
    (await readCheckpoint(checkpoint.path)).metadataDigest === checkpoint.metadataDigest;
  if (same) return;
  await rm(staging, { recursive: true, force: true });
  throw sourceChanged(input, 'while it was converted');
}

/** Names the staging directory in system errors. @throws ConversionError InsufficientSpace, TargetRefused, RankFailed. */
async function onTarget<T>(plan: Plan, staging: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw targetError(error, staging, plan.bytes);
  }
}

/** The reference is pinned to the commit that the preflight resolved: a branch may have moved since. */
async function planAgain(
  input: ConversionInput,
  preflight: PreflightResult,
  surroundings: Surroundings,
): Promise<BuiltPlan> {
  const revision = preflight.reference_revision ?? input.hf_revision;
  const built = await buildPlan({ ...input, hf_revision: revision }, surroundings);
  surroundings.signal.throwIfAborted();
  if (built.plan.byteDigest !== preflight.byte_digest) throw sourceChanged(input, 'since it was checked');
  if (built.reference.digest !== preflight.reference_digest) throw referenceChanged(input, built.reference.path);
  return built;
}

/** @throws ConversionError RankFailed when the ranks ended well and left a file undone. */
function collectRecords(plan: Plan, staging: string): DoneRecord[] {
  const records = plan.files.map(({ name, bytes }) => findFinished(staging, name, plan.byteDigest, bytes));
  const missing = plan.files.filter((_, index) => records[index] === null);
  if (missing.length > 0)
    throw unfinished(
      missing.map(({ name }) => name),
      join(staging, 'done'),
    );
  return records.filter((record) => record !== null);
}

function uncheckedItems(records: readonly DoneRecord[]): string[] {
  const count = records.reduce((sum, record) => sum + record.unchecked, 0);
  if (count === 0) return [];
  return [
    `${count} items of the checkpoint carry no checksum (torch.serialization.set_crc32_options(False)): their bytes could not be checked.`,
  ];
}

function carryOver({ previous }: Surroundings): Record<string, unknown> {
  return { fruitless: readFruitless(previous) };
}

function sourceChanged({ megatron_path }: ConversionInput, when: string): ConversionError {
  const message = `${megatron_path} changed ${when}: its metadata, or size, time or inode of a shard is another. Start again once nothing writes to it.`;
  return new ConversionError('SourceChanged', message, { problems: [message], facts: { path: megatron_path } });
}

function referenceChanged({ hf_model_id }: ConversionInput, path: string): ConversionError {
  const message = `The files of ${hf_model_id} at ${path} changed since they were checked. Start the conversion again.`;
  return new ConversionError('ReferenceUnavailable', message, { problems: [message], facts: { path } });
}
