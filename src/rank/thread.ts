// A worker thread of a rank: a synchronous loop over whole files (measured: faster and smaller than one event loop with many buffers).
// It imports no zod: a schema library in every thread would cost 18 MB each. The main thread parses the plans.
import { parentPort, workerData } from 'node:worker_threads';
import { ConversionError } from '../contract/failures.ts';
import { Buffers } from './buffers.ts';
import { SourceFiles } from './source-files.ts';
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts';
import { writeFile } from './write-file.ts';

/** Milliseconds. */
const PROGRESS_INTERVAL = 400;

const job = workerData as ThreadData;
const sources = new SourceFiles(job.checkpoint);
const buffers = new Buffers();

function send(message: FromThread): void {
  parentPort?.postMessage(message, []);
}

function write(plan: Exclude<ToThread, null>): void {
  let reported = performance.now();
  const { bytes, bytesRead, seconds } = writeFile(plan, job, sources, buffers, (done) => {
    const now = performance.now();
    if (now - reported < PROGRESS_INTERVAL) return;
    reported = now;
    send({ kind: 'progress', file: plan.name, bytes: done });
  });
  send({ kind: 'written', file: plan.name, bytes, bytesRead, seconds });
}

function describe(plan: Exclude<ToThread, null>, error: unknown): FromThread {
  if (error instanceof ConversionError) {
    const { type, message, problems, facts } = error;
    return { kind: 'error', type, message, problems, facts };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'error', type: 'RankFailed', message: `${plan.name}: ${text}`, problems: [], facts: {} };
}

parentPort?.on('message', (plan: ToThread) => {
  if (plan === null) {
    sources.close();
    parentPort?.close();
    return;
  }
  try {
    write(plan);
  } catch (error) {
    send(describe(plan, error));
  }
});
