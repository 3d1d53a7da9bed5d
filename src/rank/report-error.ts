// How a rank tells its launcher why it failed: an event, torchrun's error file, and the exit code.
import { writeFileSync } from 'node:fs';
import { ConversionError, FAILURES } from '../contract/failures.ts';
import type { RankEvent } from './types.ts';

/** `EX_DATAERR` of sysexits.h: another attempt cannot help. */
const EXIT_FINAL = 65;
/** `EX_TEMPFAIL` of sysexits.h: another attempt can help. */
const EXIT_TEMPORARY = 75;

export function errorEvent(rank: number, error: unknown): Extract<RankEvent, { event: 'error' }> {
  if (error instanceof ConversionError) {
    const { type, message, problems, facts } = error;
    return { event: 'error', rank, type, message, problems, facts };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { event: 'error', rank, type: 'RankFailed', message, problems: [], facts: {} };
}

export function exitCodeOf(error: unknown): number {
  return error instanceof ConversionError && !FAILURES[error.type].retryable ? EXIT_FINAL : EXIT_TEMPORARY;
}

/** Writes the file that torchrun shows as the root cause (torch/distributed/elastic/multiprocessing/errors/error_handler.py). */
export function writeErrorFile(path: string | undefined, message: string, exitCode: number): void {
  if (path === undefined || path === '') return;
  const extraInfo = { timestamp: String(Math.floor(Date.now() / 1000)), py_callstack: message };
  writeFileSync(path, JSON.stringify({ message: { message, errorCode: exitCode, extraInfo } }));
}
