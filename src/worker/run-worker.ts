// A worker as a process: runs until SIGINT, SIGTERM or a fatal error.
import { constants } from 'node:os';

import { DefaultLogger, type LogLevel, Runtime } from '@temporalio/worker';

import { createWorkers, type Workers, type WorkersOptions } from './create-workers.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface RunWorkerOptions extends WorkersOptions {
  /** @default 'INFO' */
  readonly logLevel?: LogLevel;
  /** Called once the workers are connected, before they serve. */
  readonly onReady?: (workers: Workers) => void;
}

/**
 * Runs the workers in this process. The first SIGINT or SIGTERM shuts down: conversions are cancelled, their ranks end, and the work
 * goes to the next worker; it returns when the last rank is gone. A second one ends the process at once, and the kernel its ranks.
 * Call it once a process, before any other use of the Temporal runtime.
 */
export async function runWorker(options: RunWorkerOptions = {}): Promise<void> {
  // The runtime's own signal handlers leave after the first signal; execa's (signal-exit) then believes to be the last one, and
  // raises the signal again: the process would die in the middle of its shutdown. Ours stay.
  Runtime.install({ logger: new DefaultLogger(options.logLevel ?? 'INFO'), shutdownSignals: [] });
  const workers = await createWorkers(options);
  const stopListening = onSignals(workers.shutdown);
  try {
    options.onReady?.(workers);
    await workers.run();
  } finally {
    stopListening();
  }
}

function onSignals(shutdown: () => void): () => void {
  let asked = false;
  const listener = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(128 + constants.signals[signal]);
    asked = true;
    shutdown();
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}
