// Gives the files of a rank to its worker threads, one file at a time.
import { Worker } from 'node:worker_threads';
import { ConversionError, isFailureType } from '../contract/failures.ts';
import { readFilePlan } from '../plan/plan-files.ts';
import { findFinished } from './done-record.ts';
import type { FromThread, ThreadData, ThreadFailure, ThreadNews, ToThread } from './thread-messages.ts';

/** The thread's program lies beside this file, as TypeScript in the repository and as JavaScript in the package. */
const PROGRAM = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);

/** The threads make little garbage; with the usual young generation (48 MB) they would let it pile up. */
const LIMITS = { maxYoungGenerationSizeMb: 4 };

/**
 * Writes the files that are not finished yet, with at most `threads` threads. Rejects at the first failure; all threads are stopped then.
 * @throws ConversionError of the type that the thread named; RankFailed when a thread dies.
 */
export async function runThreads(
  files: readonly { readonly name: string; readonly bytes: number }[],
  threads: number,
  data: ThreadData,
  onNews: (news: ThreadNews) => void,
): Promise<void> {
  const waiting = files.filter(({ name, bytes }) => findFinished(data.staging, name, data.byteDigest, bytes) === null);
  const nextPlan = async (): Promise<ToThread> => {
    const file = waiting.shift();
    return file === undefined ? null : readFilePlan(data.staging, file.name);
  };
  const count = Math.min(threads, waiting.length);
  const workers = Array.from(
    { length: count },
    () => new Worker(PROGRAM, { workerData: data, resourceLimits: LIMITS }),
  );
  try {
    await Promise.all(workers.map((worker) => followThread(worker, nextPlan, onNews)));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function followThread(
  worker: Worker,
  nextPlan: () => Promise<ToThread>,
  onNews: (news: ThreadNews) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveNext = async (): Promise<void> => {
      worker.postMessage(await nextPlan(), []);
    };
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'error') reject(toError(message));
      else {
        onNews(message);
        if (message.kind === 'written') giveNext().catch(reject);
      }
    });
    worker.on('error', (error) => {
      reject(new ConversionError('RankFailed', `A writer thread died: ${String(error)}`, { cause: error }));
    });
    worker.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new ConversionError('RankFailed', `A writer thread ended with code ${code}.`));
    });
    giveNext().catch(reject);
  });
}

function toError({ type, message, problems, facts }: ThreadFailure): ConversionError {
  const known = isFailureType(type) ? type : 'RankFailed';
  return new ConversionError(known, message, { problems, facts });
}
