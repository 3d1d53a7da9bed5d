// The ranks' events, added up for people and for the next attempt.
import { formatBytes, Progress } from '../contract/index.ts';
import type { RankEvent } from '../rank/types.ts';

/** The rate is that of the last seconds. */
const WINDOW_MS = 10_000;

export interface ProgressTotals {
  readonly bytes: number;
  readonly files: number;
  readonly reusedBytes: number;
  readonly reusedFiles: number;
}

/** Attempts in a row, this one excluded, that finished no file, as the previous attempt's last heartbeat says. */
export function readFruitless(previous: unknown): number {
  const carried = Progress.safeParse(previous).data?.carry?.['fruitless'];
  return typeof carried === 'number' && Number.isSafeInteger(carried) && carried > 0 ? carried : 0;
}

export class ConvertProgress {
  readonly totals: ProgressTotals;
  readonly #fruitlessBefore: number;
  readonly #report: (progress: Progress) => void;
  readonly #inWork = new Map<string, number>();
  readonly #samples: { readonly time: number; readonly bytes: number }[] = [];
  #writtenBytes = 0;
  #writtenFiles = 0;
  #bytesRead = 0;
  #forgiven = false;

  constructor(totals: ProgressTotals, fruitlessBefore: number, report: (progress: Progress) => void) {
    this.totals = totals;
    this.#fruitlessBefore = fruitlessBefore;
    this.#report = report;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Attempts in a row that finished no file, this one included while it has finished none. */
  get fruitless(): number {
    if (this.#writtenFiles > 0) return 0;
    return this.#forgiven ? this.#fruitlessBefore : this.#fruitlessBefore + 1;
  }

  /** This attempt goes on with the job of the one before, or failed for no fault of the ranks: it does not count. */
  forgive(): void {
    this.#forgiven = true;
    this.report();
  }

  take(event: RankEvent, now = performance.now()): void {
    if (event.event === 'progress') this.#inWork.set(event.file, event.bytes);
    else if (event.event === 'file') {
      this.#inWork.delete(event.file);
      this.#writtenBytes += event.bytes;
      this.#bytesRead += event.bytesRead;
      this.#writtenFiles++;
    } else if (event.event !== 'start') return;
    this.report(undefined, now);
  }

  report(message?: string, now = performance.now()): void {
    const { bytes, files, reusedBytes, reusedFiles } = this.totals;
    const inWork = [...this.#inWork.values()].reduce((sum, value) => sum + value, 0);
    const written = this.#writtenBytes + inWork;
    const doneFiles = reusedFiles + this.#writtenFiles;
    const rate = this.#rate(written, now);
    const figures = `${formatBytes(reusedBytes + written)} of ${formatBytes(bytes)}, ${doneFiles} of ${files} files`;
    this.#report({
      phase: 'convert',
      message: message ?? (rate === null ? figures : `${figures}, ${formatBytes(rate)}/s`),
      done_bytes: reusedBytes + written,
      total_bytes: bytes,
      done_files: doneFiles,
      total_files: files,
      ...(rate === null ? {} : { rate }),
      carry: { fruitless: this.fruitless },
    });
  }

  /** Bytes a second over the window, or null before there are two samples. */
  #rate(bytes: number, now: number): number | null {
    this.#samples.push({ time: now, bytes });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.time ?? now) > WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0];
    if (first === undefined || now - first.time < 100) return null;
    return Math.max(0, Math.round((bytes - first.bytes) / ((now - first.time) / 1000)));
  }
}
