// The ranks of one attempt: what is left to write, the launch, and the figures.
import { toSeconds, type ConversionInput } from '../contract/index.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import { endLeftJob } from '../executors/end-left-job.ts';
import { findProfile } from '../executors/find-profile.ts';
import { runJob } from '../executors/run-job.ts';
import { shareRanks } from '../executors/world.ts';
import type { Plan } from '../plan/types.ts';
import { findFinished } from '../rank/done-record.ts';
import type { RankEvent } from '../rank/types.ts';
import { closeAttempt, openAttempt } from './convert-attempt.ts';
import { fruitlessIsFinal, isSchedulers } from './convert-failures.ts';
import { ConvertProgress, readFruitless } from './convert-progress.ts';
import { rankProgram } from './rank-program.ts';
import { runCrew } from './run-crew.ts';
import { SEEN_SECONDS, waitUntilSeen } from './wait-until-seen.ts';
import { watchFiles } from './watch-files.ts';

/**
 * Writes what is not finished. Returns the figures, also where there was nothing to do.
 *
 * @throws the signal's reason; ConversionError of a rank, RankFailed, ConversionStalled.
 */
export async function runRanks(
  plan: Plan,
  staging: string,
  input: ConversionInput,
  ranks: number,
  surroundings: Surroundings,
): Promise<ConvertProgress> {
  const files = plan.files.map(({ name, bytes }) => ({ name, bytes }));
  const pending = files.filter(({ name, bytes }) => findFinished(staging, name, plan.byteDigest, bytes) === null);
  const sum = (list: typeof files): number => list.reduce((total, { bytes }) => total + bytes, 0);
  const totals = {
    bytes: sum(files),
    files: files.length,
    reusedBytes: sum(files) - sum(pending),
    reusedFiles: files.length - pending.length,
  };
  const progress = new ConvertProgress(totals, readFruitless(surroundings.previous), surroundings.onProgress);
  const report = (message: string): void => progress.report(message);
  const left = { staging, policy: surroundings.policy, report };
  if (pending.length === 0) {
    // It finished the last file while no worker was there, and should have ended by itself.
    await endLeftJob(left);
    return progress;
  }
  const unfinished = { byteDigest: plan.byteDigest, files: pending };
  const profile = findProfile(input.profile, surroundings.policy);
  const take = (event: RankEvent): void => {
    progress.take(event);
  };
  const work = { staging, checkpoint: plan.checkpoint, allWrite: input.distributed_save };
  progress.report(`starting ${ranks} ${ranks === 1 ? 'rank' : 'ranks'}`);
  const { crew, signal } = surroundings;
  const stallSeconds = toSeconds(input.retry.stall);
  const isLocal = profile.executor === 'local';
  const look = watchFiles(staging, unfinished, take);
  if (crew) await endLeftJob(left);
  const running = crew
    ? runCrew(crew, { staging, pending: unfinished, signal, stallSeconds, onEvent: take })
    : runJob({
        profile: input.profile,
        policy: surroundings.policy,
        staging,
        world: shareRanks(profile, input, ranks),
        openAttempt: () => openAttempt(staging, unfinished),
        program: (number, place) => rankProgram({ ...work, attempt: number }, place),
        mark: ['--staging', staging],
        stallSeconds,
        signal,
        isHandedOver: surroundings.isHandedOver,
        onReattach: () => progress.forgive(),
        report,
        ...(isLocal ? { onEvent: take } : { watch: look }),
      });
  const { attempt } = await running.catch((error: unknown) => {
    if (isSchedulers(error)) progress.forgive();
    throw fruitlessIsFinal(error, progress.fruitless, input.retry.fruitless_attempts);
  });
  if (!crew && !isLocal) {
    await waitUntilSeen(staging, unfinished, Math.min(stallSeconds, SEEN_SECONDS), signal);
    await look(attempt);
  }
  await closeAttempt(staging, attempt);
  return progress;
}
