// Waits until a job that was told to end has ended.
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 1000;

/** Whether `isGone` said yes within `seconds`. A scheduler that does not answer meanwhile is asked again; its last error is thrown in the end. */
export async function untilGone(isGone: () => Promise<boolean>, seconds: number): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    let failure: unknown = null;
    try {
      if (await isGone()) return true;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= deadline) {
      if (failure !== null) throw failure;
      return false;
    }
    await sleep(PAUSE_MS);
  }
}
