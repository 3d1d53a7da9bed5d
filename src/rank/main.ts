// The program that torchrun starts. It knows nothing of models: it executes its part of a plan, and prints one JSON line per event.
//   node main.ts --staging DIR --checkpoint DIR --attempt N [--single-writer] [--lifeline] [--quiet] [--threads N]
// Exit code 0; 65 for failures that another attempt cannot help; 75 for the others. SIGTERM has no handler: a rank dies at once, since
// an unfinished file is worth nothing and a finished one is on disk.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { dealFiles } from './deal-files.ts';
import { readIdentity } from './identity.ts';
import { readPending } from './pending.ts';
import { printEvent, ProgressLines } from './print-events.ts';
import { errorEvent, exitCodeOf, writeErrorFile } from './report-error.ts';
import { runThreads } from './run-threads.ts';
import { watchParent } from './watch-parent.ts';

const MOST_THREADS = 2;

async function run(rank: number, worldSize: number, localWorldSize: number): Promise<void> {
  const { values } = parseArgs({
    options: {
      staging: { type: 'string' },
      checkpoint: { type: 'string' },
      attempt: { type: 'string' },
      threads: { type: 'string' },
      'single-writer': { type: 'boolean', default: false },
      lifeline: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      // Not read: tells this process from the other ranks on its machine.
      mark: { type: 'string' },
    },
  });
  const { staging, checkpoint } = values;
  const attempt = Number(values.attempt);
  if (staging === undefined || checkpoint === undefined || !Number.isSafeInteger(attempt))
    throw new RangeError('usage: --staging DIR --checkpoint DIR --attempt N');
  // Not process.exit: it waits for threads, and one that a disk holds never comes back. Nobody is left to read an exit code.
  watchParent(() => process.kill(process.pid, 'SIGKILL'), values.lifeline);

  const { byteDigest, files } = await readPending(staging, attempt);
  const mine = dealFiles(files, rank, values['single-writer'] ? 1 : worldSize);
  printEvent({ event: 'start', rank, pid: process.pid, files: mine.length });
  const share = Math.max(1, Math.floor(availableParallelism() / localWorldSize));
  const threads = values.threads === undefined ? Math.min(MOST_THREADS, share) : Math.max(1, Number(values.threads));
  const progress = new ProgressLines(rank, values.quiet);
  await runThreads(mine, threads, { staging, checkpoint, byteDigest, rank, attempt }, (news) => {
    progress.take(news);
  });
  progress.stop();
  printEvent({ event: 'end', rank, peakMemory: process.resourceUsage().maxRSS * 1024 });
}

let rank = 0;
try {
  const identity = readIdentity(process.env);
  rank = identity.rank;
  await run(identity.rank, identity.worldSize, identity.localWorldSize);
} catch (error) {
  const event = errorEvent(rank, error);
  const code = exitCodeOf(error);
  printEvent(event);
  writeErrorFile(process.env['TORCHELASTIC_ERROR_FILE'], `${event.type}: ${event.message}`, code);
  process.exit(code);
}
process.exit(0);
