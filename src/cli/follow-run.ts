// Follows a run on the server to its end.
import { setTimeout as sleep } from 'node:timers/promises';
import { describeProgress, type ConversionHandle, type ConversionProgress } from '../client.ts';
import type { ConversionResult } from '../contract/index.ts';
import { eventsBetween } from './compare-looks.ts';
import type { Reporter } from './run-event.ts';

/** Milliseconds between two looks. Heartbeats reach the server every few seconds, so more often shows nothing new. */
const PACE = 1000;

/**
 * Reports what happens until the run ends.
 *
 * @param handle - of one run; what a reset in the Temporal UI starts is another one
 * @throws WorkflowFailedError when the run fails; the signal's reason when it is aborted (the run goes on)
 */
export async function followRun(
  handle: ConversionHandle,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<ConversionResult> {
  const ended = new AbortController();
  const result = handle.result().finally(() => {
    ended.abort();
  });
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  const following = report(handle, reporter, AbortSignal.any([ended.signal, signal]));
  try {
    signal.throwIfAborted();
    return await Promise.race([result, aborted]);
  } finally {
    await following;
    result.catch(() => undefined);
    aborted.catch(() => undefined);
  }
}

async function report(handle: ConversionHandle, reporter: Reporter, over: AbortSignal): Promise<void> {
  let before: ConversionProgress | null = null;
  const look = async (): Promise<void> => {
    // A look that fails says nothing about the run: the next one, or the result, will.
    const after: ConversionProgress | null = await describeProgress(handle).catch(() => null);
    if (after === null) return;
    for (const event of eventsBetween(before, after, new Date())) reporter.report(event);
    before = after;
  };
  while (!over.aborted) {
    await look();
    await sleep(PACE, undefined, { signal: over }).catch(() => undefined);
  }
  if (over.reason?.name !== 'Interrupted') await look();
}
