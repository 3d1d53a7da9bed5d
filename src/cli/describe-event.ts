// Events in words: shared by the live line of a terminal and the plain lines of a log.
import { formatBytes, formatSeconds, PHASES, type Progress } from '../contract/index.ts';
import type { RunEvent } from './run-event.ts';

const WIDTH = Math.max(...PHASES.map((phase) => phase.length));

/** The phase's name, padded so that lines align. */
export function phaseColumn(phase: string): string {
  return phase.padEnd(WIDTH);
}

/** `1.2 GB of 3.0 GB (40 %), 3 of 8 files, 210 MB/s, 9 s left`, or the message of a phase that does not count bytes. */
export function describeProgress(progress: Progress): string {
  const { done_bytes: done, total_bytes: total, done_files: files, total_files: allFiles, rate } = progress;
  if (done === undefined || total === undefined || total === 0) return progress.message;
  const parts = [`${formatBytes(done)} of ${formatBytes(total)} (${Math.floor((100 * done) / total)} %)`];
  if (files !== undefined && allFiles !== undefined) parts.push(`${files} of ${allFiles} files`);
  if (rate !== undefined && rate > 0) {
    parts.push(`${formatBytes(rate)}/s`);
    if (done < total) parts.push(`${formatSeconds((total - done) / rate)} left`);
  }
  return parts.join(', ');
}

type Waiting = Extract<RunEvent, { event: 'waiting' }>;

/** `attempt 3, next in 9 s`. */
export function describeAttempt(event: Waiting, now: number): string {
  if (event.next === null) return `attempt ${event.attempt}`;
  const seconds = Math.max(0, (Date.parse(event.next) - now) / 1000);
  return `attempt ${event.attempt}, next in ${formatSeconds(Math.ceil(seconds))}`;
}

/** `done in 3.2 s: 9 files`. */
export function describePhaseEnd(event: Extract<RunEvent, { event: 'phase' }>): string {
  const took = event.seconds === null || event.state === 'skipped' ? '' : ` in ${formatSeconds(event.seconds)}`;
  return `${event.state}${took}${event.summary === null ? '' : `: ${event.summary}`}`;
}
