// Events of a rank on stdout: one JSON line each.
import { writeSync } from 'node:fs';
import type { ThreadNews } from './thread-messages.ts';
import type { RankEvent } from './types.ts';

/** At most this often, in milliseconds, for each file in work. */
const INTERVAL = 500;
const STDOUT = 1;
/** Bytes of one write that the kernel does not mix with others (PIPE_BUF of Linux). */
const WHOLE_WRITE = 4096;
const CUT = ' ... (cut)';

/** Ranks share the pipe: a line is one write, which the kernel keeps whole up to 4096 bytes. */
export function printEvent(event: RankEvent): void {
  const line = eventLine(event);
  for (let written = 0; written < line.length;) {
    try {
      written += writeSync(STDOUT, line, written);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      // The pipe is full and not blocking: its reader is slow.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** The line of an event. An error too long for one whole write loses first facts, then problems, then the end of its message. */
export function eventLine(event: RankEvent): Buffer {
  let line = encode(event);
  if (line.length <= WHOLE_WRITE || event.event !== 'error') return line;
  let shorter = { ...event, facts: {} };
  const isLong = (): boolean => (line = encode(shorter)).length > WHOLE_WRITE;
  while (isLong() && shorter.problems.length > 0) shorter = { ...shorter, problems: shorter.problems.slice(0, -1) };
  for (let length = event.message.length; isLong();) {
    length = Math.floor(length * 0.8);
    shorter = { ...shorter, message: `${event.message.slice(0, length)}${CUT}` };
  }
  return line;
}

/** Turns the messages of the threads into events, progress at most twice a second. */
export class ProgressLines {
  readonly #rank: number;
  readonly #latest = new Map<string, number>();
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param quiet - only finished files are told */
  constructor(rank: number, quiet: boolean) {
    this.#rank = rank;
    if (quiet) return;
    this.#timer = setInterval(() => {
      for (const [file, bytes] of this.#latest) printEvent({ event: 'progress', rank: this.#rank, file, bytes });
      this.#latest.clear();
    }, INTERVAL);
  }

  take(news: ThreadNews): void {
    if (news.kind === 'progress') {
      this.#latest.set(news.file, news.bytes);
      return;
    }
    const { file, bytes, bytesRead, seconds } = news;
    this.#latest.delete(file);
    printEvent({ event: 'file', rank: this.#rank, file, bytes, bytesRead, seconds });
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

const encode = (value: RankEvent): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);
