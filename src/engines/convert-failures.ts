// Failures of the ranks, as they count for the retries.
import { ConversionError } from '../contract/index.ts';

/** Marks a retryable failure as final when too many attempts in a row, this one included, finished no file. */
export function fruitlessIsFinal(error: unknown, fruitless: number, limit: number): unknown {
  if (!(error instanceof ConversionError)) return error;
  if (error.type !== 'RankFailed' && error.type !== 'ConversionStalled') return error;
  if (fruitless < limit) return error;
  const message = `${error.message}\n${fruitless} attempts in a row finished no file (retry.fruitless_attempts is ${limit}).`;
  return new ConversionError(error.type, message, {
    problems: error.problems,
    facts: { ...error.facts, fruitless, final: true },
    cause: error,
  });
}

/** Whether the failure is that of a scheduler, and no fault of the ranks: it does not count as a fruitless attempt. */
export function isSchedulers(error: unknown): boolean {
  return error instanceof ConversionError && (error.type === 'SchedulerFailed' || error.type === 'JobLost');
}

export function unfinished(names: readonly string[], directory: string): ConversionError {
  const message = `The ranks ended well, but ${names.join(', ')} ${names.length === 1 ? 'has' : 'have'} no matching record in ${directory}.`;
  return new ConversionError('RankFailed', message, { problems: [message], facts: { files: names.slice(0, 20) } });
}
