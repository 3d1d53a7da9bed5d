// Waits for something that other processes do.
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 200;

/** @returns whether it came true within `seconds` */
export async function waitFor(isTrue: () => Promise<boolean>, seconds: number): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await isTrue())) {
    if (performance.now() > deadline) return false;
    await sleep(PAUSE_MS);
  }
  return true;
}
