// How far a comparison is: a line that is rewritten on a terminal, a line every ten seconds in a log, nothing for quick ones.
import { describeProgress } from './describe-event.ts';

/** Milliseconds. */
const TERMINAL_PACE = 200;
const LOG_PACE = 10_000;
const CLEAR_LINE = '\r\u001B[2K';

export interface DiffProgress {
  /** In bytes. */
  readonly show: (done: number, total: number) => void;
  /** Leaves the terminal clean. */
  readonly close: () => void;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly write: (text: string) => unknown;
}

/** @param now milliseconds that only grow; for tests. */
export function showDiffProgress(stream: Stream, now: () => number = () => performance.now()): DiffProgress {
  const live = stream.isTTY === true;
  const started = now();
  let last = started;
  let drawn = false;
  return {
    show: (done, total) => {
      const time = now();
      if (time - last < (live ? TERMINAL_PACE : LOG_PACE)) return;
      last = time;
      const line = `comparing ${describe(done, total, (1000 * done) / (time - started))}`;
      stream.write(live ? `${CLEAR_LINE}${line.slice(0, Math.max(0, (stream.columns ?? 80) - 1))}` : `${line}\n`);
      drawn = live;
    },
    close: () => {
      if (drawn) stream.write(CLEAR_LINE);
    },
  };
}

/** `rate` in bytes a second. */
function describe(done: number, total: number, rate: number): string {
  return describeProgress({ phase: 'verify', message: '', done_bytes: done, total_bytes: total, rate });
}
