// One attempt of a conversion in its staging directory: a fresh number, its own directory, and what it has to write.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../files/durable.ts';
import { errorCode } from '../files/error-code.ts';
import { stagingPaths } from '../files/staging.ts';
import type { Pending } from '../rank/pending.ts';
import { attemptDirectory, pendingFile } from '../files/staging.ts';

const ATTEMPT = /^attempt-(\d+)$/;

/**
 * Makes `attempt-<n>/` with its list of pending files, and removes those of earlier attempts. A number is never used twice: a rank of
 * a dead attempt that is still alive finds its directory gone, instead of writing into ours.
 */
export async function openAttempt(staging: string, pending: Pending): Promise<number> {
  const paths = stagingPaths(staging);
  for (const directory of [paths.export, paths.done]) await mkdir(directory, { recursive: true });
  const attempt = await createDirectory(staging);
  await writeDurably(counterFile(staging), `${attempt}\n`);
  for (const name of await readdir(staging)) {
    const number = Number(ATTEMPT.exec(name)?.[1] ?? attempt);
    if (number < attempt) await rm(join(staging, name), { recursive: true, force: true });
  }
  await writeFile(pendingFile(staging, attempt), JSON.stringify(pending), { flush: true });
  return attempt;
}

/** Removes the directory of an attempt that has ended. */
export async function closeAttempt(staging: string, attempt: number): Promise<void> {
  await rm(attemptDirectory(staging, attempt), { recursive: true, force: true });
}

async function createDirectory(staging: string): Promise<number> {
  const known = (await readdir(staging)).map((name) => Number(ATTEMPT.exec(name)?.[1] ?? 0));
  for (let attempt = Math.max(await readCounter(staging), ...known) + 1; ; attempt++) {
    try {
      await mkdir(attemptDirectory(staging, attempt));
      return attempt;
    } catch (error) {
      // Another process works on this staging directory at the same moment: ownership decides later, the number is not shared.
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

async function readCounter(staging: string): Promise<number> {
  try {
    const value = Number((await readFile(counterFile(staging), 'utf8')).trim());
    return Number.isSafeInteger(value) && value > 0 ? value : 0;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** Holds the highest attempt number so far. */
const counterFile = (staging: string): string => join(staging, 'attempts');
