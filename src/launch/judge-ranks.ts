// What the end of the ranks means. Pure.
import { ConversionError, FAILURES, isFailureType, type FailureType } from '../contract/failures.ts';
import { formatSeconds } from '../contract/units.ts';
import type { RankEvent } from '../rank/types.ts';
import type { ProcessResult } from './run-process.ts';

export type RankError = Extract<RankEvent, { event: 'error' }>;

/**
 * The failure of a launch, or null when all is well. A rank's own error decides: a final type stays what it is; everything else is
 * `RankFailed` with the last lines.
 */
export function judgeRanks(result: ProcessResult, errors: readonly RankError[]): ConversionError | null {
  const final = errors.find((error) => isFinal(error.type));
  if (final !== undefined) {
    const { message, problems, facts } = final;
    return new ConversionError(final.type as FailureType, message, { problems, facts: { ...facts, rank: final.rank } });
  }
  if (result.exitCode === 0 && errors.length === 0) return null;
  const what =
    errors.length > 0 ? errors.map((error) => `rank ${error.rank}: ${error.message}`) : [describeEnd(result)];
  const tail = result.tail.filter((line) => !line.startsWith('{"event":')).join('\n');
  const message = `${what.join('\n')}${tail === '' ? '' : `\nLast lines of the ranks:\n${tail}`}`;
  return new ConversionError('RankFailed', message, {
    problems: what,
    facts: { exit_code: result.exitCode, signal: result.signalName },
  });
}

/** `stallSeconds` without a sign of life. */
export function stalled(stallSeconds: number, result: ProcessResult): ConversionError {
  const message =
    `The ranks made no progress for ${formatSeconds(stallSeconds)} and were ended. Check the file systems of source and target; ` +
    'finished files are reused by the next attempt.';
  return new ConversionError('ConversionStalled', message, { problems: [message], facts: { tail: result.tail } });
}

function isFinal(type: string): boolean {
  return isFailureType(type) && !FAILURES[type].retryable;
}

function describeEnd(result: ProcessResult): string {
  if (result.startError !== null)
    return `The ranks could not be started: ${result.startError}. Correct torchrun and launch_prefix in the worker configuration.`;
  // torchrun's own code is always 1; that of the rank is only in its report ("exitcode  : -9 (pid: 123)").
  const rank = /exitcode\s*:\s*(-?\d+)/.exec(result.tail.join('\n'))?.[1];
  const code = rank === undefined ? result.exitCode : Number(rank);
  if (code !== null && code < 0)
    return `A rank was ended by signal ${-code} without a word (out of memory, or killed by hand?).`;
  if (code !== null) return `A rank ended with code ${code} without saying why.`;
  return `The ranks were ended by ${result.signalName ?? 'an unknown cause'}.`;
}
