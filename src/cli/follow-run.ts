// Follows a run on the server to its end, and on where it is reset meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { describeProgress, findSuccessor, type ConversionHandle, type ConversionProgress } from '../client.ts';
import type { ConversionResult } from '../contract/index.ts';
import { eventsBetween } from './compare-looks.ts';
import type { Reporter } from './run-event.ts';

/** Milliseconds between two looks. Heartbeats reach the server every few seconds, so more often shows nothing new. */
const PACE = 1000;

/**
 * Reports what happens until the run ends. A reset in the Temporal UI ends a run too, and makes another one of it: that one is followed.
 *
 * @param handle - of one run, with its run id
 * @throws WorkflowFailedError when the run fails; the signal's reason when it is aborted (the run goes on)
 */
export async function followRun(
  handle: ConversionHandle,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<ConversionResult> {
  const looks: Looks = { last: null };
  for (let current = handle; ;) {
    try {
      return await followToEnd(current, reporter, signal, looks);
    } catch (error) {
      const next = signal.aborted ? null : await findSuccessor(current).catch(() => null);
      if (next === null) throw error;
      reporter.report({ event: 'reset', workflow_id: handle.workflowId, run_id: next.runId });
      current = next.handle;
    }
  }
}

/** What was seen last, so that a run that goes on does not tell everything again. */
interface Looks {
  last: ConversionProgress | null;
}

async function followToEnd(
  handle: ConversionHandle,
  reporter: Reporter,
  signal: AbortSignal,
  looks: Looks,
): Promise<ConversionResult> {
  const ended = new AbortController();
  const result = handle.result().finally(() => {
    ended.abort();
  });
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  const following = report(handle, reporter, AbortSignal.any([ended.signal, signal]), looks);
  try {
    signal.throwIfAborted();
    return await Promise.race([result, aborted]);
  } finally {
    await following;
    result.catch(() => undefined);
    aborted.catch(() => undefined);
  }
}

async function report(handle: ConversionHandle, reporter: Reporter, over: AbortSignal, looks: Looks): Promise<void> {
  const look = async (): Promise<void> => {
    // A look that fails says nothing about the run: the next one, or the result, will.
    const after: ConversionProgress | null = await describeProgress(handle).catch(() => null);
    if (after === null) return;
    for (const event of eventsBetween(looks.last, after, new Date())) reporter.report(event);
    looks.last = after;
  };
  while (!over.aborted) {
    await look();
    await sleep(PACE, undefined, { signal: over }).catch(() => undefined);
  }
  if (over.reason?.name !== 'Interrupted') await look();
}
