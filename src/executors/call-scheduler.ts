// One question to a scheduler: limited in time, and answered or a failure that says who did not answer.
import { ConversionError } from '../contract/failures.ts';

/** Seconds. Schedulers under load take their time; heartbeats go on meanwhile. */
const CALL_LIMIT = 60;

/** A call that ends with `signal`, or after a minute. @throws what the executor throws */
export async function callScheduler<T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return call(AbortSignal.any([signal, AbortSignal.timeout(CALL_LIMIT * 1000)]));
}

/** An executor's failure types stay what they are; anything else is a scheduler that does not answer. */
export function schedulerFailed(profile: string, what: string, error: unknown): ConversionError {
  if (error instanceof ConversionError) return error;
  const said = error instanceof Error ? error.message : String(error);
  const message = `The scheduler of profile ${profile} could not ${what}: ${said}`;
  return new ConversionError('SchedulerFailed', message, { problems: [message], facts: { profile }, cause: error });
}
