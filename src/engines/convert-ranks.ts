// The ranks of one attempt: what is left to write, the launch, and the figures.
import { fileURLToPath } from 'node:url';
import { toSeconds, type ConversionInput } from '../contract/index.ts';
import { launchRanks } from '../launch/launch-ranks.ts';
import type { Plan } from '../plan/types.ts';
import { findFinished } from '../rank/done-record.ts';
import { closeAttempt, openAttempt } from './convert-attempt.ts';
import { fruitlessIsFinal } from './convert-failures.ts';
import { ConvertProgress, readFruitless } from './convert-progress.ts';
import type { Surroundings } from '../contract/surroundings.ts';

/** Compiled JavaScript beside us in the package, TypeScript in the repository. */
const RANK_PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../rank/main.ts' : '../rank/main.js', import.meta.url),
);

/** A rank makes little garbage; the usual young generation (48 MB) would let it pile up. */
const SMALL_HEAP = '--max-semi-space-size=1';

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
  if (pending.length === 0) return progress;
  const attempt = await openAttempt(staging, { byteDigest: plan.byteDigest, files: pending });
  progress.report(`starting ${ranks} ${ranks === 1 ? 'rank' : 'ranks'}`);
  const options = ['--checkpoint', plan.checkpoint, '--attempt', String(attempt), '--lifeline'];
  try {
    await launchRanks({
      program: [
        process.execPath,
        SMALL_HEAP,
        RANK_PROGRAM,
        '--staging',
        staging,
        ...options,
        ...(input.distributed_save ? [] : ['--single-writer']),
      ],
      mark: ['--staging', staging],
      ranks,
      distributed: input.distributed !== false,
      policy: surroundings.policy,
      signal: surroundings.signal,
      stallSeconds: toSeconds(input.retry.stall),
      onEvent: (event) => {
        progress.take(event);
      },
    });
  } catch (error) {
    throw fruitlessIsFinal(error, progress.fruitless, input.retry.fruitless_attempts);
  }
  await closeAttempt(staging, attempt);
  return progress;
}
