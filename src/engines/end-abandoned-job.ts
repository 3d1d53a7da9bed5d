// What becomes of the job that an earlier attempt left, when this one ends before it has come to take it up.
import { ConversionError, FAILURES, type ConversionInput, type PreflightResult } from '../contract/index.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import { endOwnJob } from './end-own-job.ts';

/**
 * Ends the job of the run's staging directory where no attempt follows that could: after a cancel, and after a final failure. Not where
 * the target is somebody else's, whose job it is then.
 *
 * @returns the error to throw: `error`, with a word on the job where it could not be ended
 */
export async function endAbandonedJob(
  error: unknown,
  input: ConversionInput,
  preflight: PreflightResult,
  surroundings: Surroundings,
): Promise<unknown> {
  if (!(await isAbandoned(error, surroundings))) return error;
  try {
    await endOwnJob(input, preflight, surroundings);
    return error;
  } catch (failure) {
    return withWord(error, failure);
  }
}

async function isAbandoned(error: unknown, { signal, isHandedOver, isLastAttempt }: Surroundings): Promise<boolean> {
  // A scheduler that does not answer, or refuses us, would not end the job now either.
  if (error instanceof ConversionError && error.type === 'SchedulerFailed') return false;
  if (signal.aborted) return (await isHandedOver?.()) !== true;
  if (!(error instanceof ConversionError)) return isLastAttempt === true;
  return !FAILURES[error.type].retryable || error.facts['final'] === true || isLastAttempt === true;
}

function withWord(error: unknown, failure: unknown): unknown {
  const word = failure instanceof Error ? failure.message : String(failure);
  if (!(error instanceof ConversionError)) return new Error(`${String(error)}\n${word}`, { cause: error });
  const { type, message, problems, facts } = error;
  return new ConversionError(type, `${message}\n${word}`, { problems: [...problems, word], facts, cause: error });
}
