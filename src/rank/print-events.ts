// Events of a rank on stdout: one JSON line each.
import { writeSync } from 'node:fs';
import type { ThreadNews } from './thread-messages.ts';
import type { RankEvent } from './types.ts';

/** At most this often, in milliseconds, for each file in work. */
const INTERVAL = 500;
const STDOUT = 1;

/** Ranks share the pipe: a line is one write, which the kernel keeps whole up to 4096 bytes. */
export function printEvent(event: RankEvent): void {
  const line = Buffer.from(`${JSON.stringify(event)}\n`);
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

/** Turns the messages of the threads into events, progress at most twice a second. */
export class ProgressLines {
  readonly #rank: number;
  readonly #latest = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(rank: number) {
    this.#rank = rank;
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
