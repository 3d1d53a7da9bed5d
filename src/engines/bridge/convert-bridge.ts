// Phase `convert` with engine `bridge`: plan, staging, the converter, and the books on what it wrote.
import { mkdir, rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { readCheckpoint } from '../../checkpoint/read-checkpoint.ts';
import type { BridgePolicy } from '../../contract/bridge.ts';
import {
  ConversionError,
  type ConversionInput,
  type ConvertResult,
  type PreflightResult,
  toSeconds,
} from '../../contract/index.ts';
import type { Surroundings } from '../../contract/surroundings.ts';
import { stagingPath } from '../../files/staging.ts';
import { findProfile } from '../../executors/find-profile.ts';
import { statFiles } from '../../plan/stat-files.ts';
import type { PlanSummary } from '../../plan/types.ts';
import { copyReference } from '../../publish/copy-reference.ts';
import { returnFiles } from '../../publish/gather-files.ts';
import { takeOwnership } from '../../publish/ownership.ts';
import { findPublished } from '../../publish/target-state.ts';
import { targetError } from '../../rank/io-error.ts';
import { readSources } from '../build-plan.ts';
import { chooseEngine } from '../choose-engine.ts';
import { closeAttempt } from '../convert-attempt.ts';
import { writeIndex } from '../convert-index.ts';
import { ConvertProgress, readFruitless } from '../convert-progress.ts';
import { SEEN_SECONDS } from '../wait-until-seen.ts';
import { reuseResult } from '../reuse-published.ts';
import { awaitOutput } from './await-output.ts';
import { attemptFolder } from './converter-program.ts';
import { keepConverterRecord, readConverterRecord } from './converter-record.ts';
import { digestRecords } from './digest-records.ts';
import { findEnded, goBackTo, recordEnd } from './ended-attempt.ts';
import { findFinishedPlan, finishOutput } from './finish-output.ts';
import { judgeOutput, type OutputVerdict } from './judge-output.ts';
import type { ConverterOutput } from './read-output.ts';
import { type BridgeBasis, type BridgePlan, planBridge } from './plan-bridge.ts';
import { requireBridge } from './require-bridge.ts';
import { refuseScanned } from './scan-checkpoint.ts';
import { runConverter } from './run-converter.ts';

/**
 * Runs the converter into a folder of the attempt, and moves what it wrote into `export/` only once the books are closed on it. A
 * conversion that got to its end is not repeated, wherever a worker died after it.
 *
 * @throws ConversionError SourceChanged, PolicyRefused, TargetOwned; of the ranks; VerificationFailed, BooksNotClosed for what was written
 */
export async function convertBridge(
  input: ConversionInput,
  preflight: PreflightResult,
  surroundings: Surroundings,
): Promise<ConvertResult> {
  const started = performance.now();
  const { policy, signal } = surroundings;
  const bridge = requireBridge(policy.bridge);
  const { basis, plan } = await planAgain(input, preflight, bridge, surroundings);
  await takeOwnership(input.hf_path, plan.byteDigest, surroundings);
  const published = await reusePublished(input, plan.byteDigest, basis, started);
  if (published) return published;
  const staging = stagingPath(input.hf_path, plan.byteDigest);
  await onTarget(plan, staging, async () => {
    await mkdir(staging, { recursive: true });
    await returnFiles(staging);
  });
  const finished = await findFinishedPlan(staging, plan.byteDigest);
  const totals = totalsOf(plan, finished);
  const progress = new ConvertProgress(totals, readFruitless(surroundings.previous), surroundings.onProgress);
  const warnings: string[] = [];
  let attempt = 0;
  if (finished === null) {
    const ended = await findEnded(staging, plan.byteDigest);
    if (ended !== null) await onTarget(plan, staging, () => goBackTo(staging, ended));
    const run = ended ?? (await runConverter(basis, plan, staging, input, bridge, progress, surroundings));
    attempt = run.attempt;
    const { output: folder, record } = attemptFolder(staging, attempt);
    const judge = (found: ConverterOutput, strict: boolean): OutputVerdict =>
      judgeOutput(plan.expectation, found, { strict, torchDtype: plan.options.torchDtype, folder });
    const isElsewhere = surroundings.crew !== undefined || findProfile(input.profile, policy).executor !== 'local';
    const seconds = isElsewhere ? Math.min(SEEN_SECONDS, toSeconds(input.retry.stall)) : 0;
    const output = await awaitOutput(folder, (found) => judge(found, true), seconds, signal);
    const verdict = judge(output, input.strict);
    warnings.push(...verdict.warnings);
    await refuseChanged(basis, plan, staging, input);
    await onTarget(plan, staging, async () => {
      const { generation } = plan.options;
      await keepConverterRecord(staging, { left: record, generation, arguments: run.arguments, warnings });
      if (ended === null) await recordEnd(staging, plan.byteDigest, run, output.headers.keys());
      const { path } = basis.checkpoint;
      await finishOutput({ plan, checkpoint: path, staging, attempt, output, verdict, progress, signal });
    });
    await closeAttempt(staging, attempt);
  }
  const done = finished ?? (await requireFinished(staging, plan.byteDigest));
  await onTarget(plan, staging, () => writeIndex(done, staging));
  const copied = await copyReference(input, done, basis.reference, staging);
  const record = await readConverterRecord(staging);
  const bytes = done.files.reduce((sum, file) => sum + file.bytes, 0);
  return {
    staging,
    byte_digest: plan.byteDigest,
    files: done.files.length,
    files_reused: finished ? done.files.length : 0,
    bytes_written: finished ? 0 : bytes,
    bytes_reused: finished ? bytes : 0,
    bytes_read: 0,
    ranks: preflight.ranks,
    attempt,
    seconds: (performance.now() - started) / 1000,
    ...(record ? { converter: record.converter } : {}),
    warnings: [...copied.warnings, ...(record?.warnings ?? warnings)],
  };
}

async function planAgain(
  input: ConversionInput,
  preflight: PreflightResult,
  bridge: BridgePolicy,
  surroundings: Surroundings,
): Promise<{ basis: BridgeBasis; plan: BridgePlan }> {
  const { policy, signal } = surroundings;
  const sources = await readSources(
    { ...input, hf_revision: preflight.reference_revision ?? input.hf_revision },
    surroundings,
  );
  const { reference } = sources;
  const { family } = chooseEngine({ engine: 'bridge' }, reference, policy);
  const basis: BridgeBasis = { ...sources, family };
  const plan = await planBridge(basis, input, policy, bridge);
  signal.throwIfAborted();
  if (reference.digest !== preflight.reference_digest) {
    const message = `The files of ${input.hf_model_id} at ${reference.path} changed since they were checked. Start the conversion again.`;
    throw new ConversionError('ReferenceUnavailable', message, {
      problems: [message],
      facts: { path: reference.path },
    });
  }
  if (plan.byteDigest !== preflight.byte_digest) {
    throw changed(
      input,
      'since it was checked, or this worker has another section bridge than the one that checked it',
    );
  }
  // The worker that checked may have had other rules; and nothing lies between this look and the converter's.
  await refuseScanned(basis.checkpoint, bridge.allowedTargets);
  return { basis, plan };
}

async function reusePublished(
  input: ConversionInput,
  byteDigest: string,
  { reference }: BridgeBasis,
  started: number,
): Promise<ConvertResult | null> {
  const found = await findPublished(input.hf_path, byteDigest);
  if (found?.manifest.reference.digest !== reference.digest) return null;
  return reuseResult(input, byteDigest, found.manifest, started);
}

function totalsOf({ expectation }: BridgePlan, finished: PlanSummary | null): ConvertProgress['totals'] {
  const files = finished?.files.length ?? new Set(Object.values(expectation.weightMap)).size;
  const bytes = finished?.files.reduce((sum, file) => sum + file.bytes, 0) ?? expectation.bytes;
  return { bytes, files, reusedBytes: finished ? bytes : 0, reusedFiles: finished ? files : 0 };
}

/** @throws ConversionError SourceChanged; what was written meanwhile is removed. */
async function refuseChanged(
  { checkpoint }: BridgeBasis,
  { stamps, records }: BridgePlan,
  staging: string,
  input: ConversionInput,
): Promise<void> {
  const same =
    isDeepStrictEqual(await statFiles(checkpoint), stamps) &&
    (await digestRecords(checkpoint.path)) === records &&
    (await readCheckpoint(checkpoint.path)).metadataDigest === checkpoint.metadataDigest;
  if (same) return;
  await rm(staging, { recursive: true, force: true });
  throw changed(input, 'while it was converted');
}

function changed({ megatron_path }: ConversionInput, when: string): ConversionError {
  const message = `${megatron_path} changed ${when}. Start again once nothing writes to it.`;
  return new ConversionError('SourceChanged', message, { problems: [message], facts: { path: megatron_path } });
}

async function requireFinished(staging: string, byteDigest: string): Promise<PlanSummary> {
  const plan = await findFinishedPlan(staging, byteDigest);
  if (plan !== null) return plan;
  throw new ConversionError('RankFailed', `${staging} was changed by somebody else while it was filled.`);
}

async function onTarget<T>({ expectation }: BridgePlan, staging: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw targetError(error, staging, expectation.bytes);
  }
}
