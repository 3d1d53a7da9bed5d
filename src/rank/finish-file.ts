// The last steps of a file: moved into `export/`, then recorded. In this order, each step durable before the next.
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { attemptDirectory, doneFile, exportedFile } from '../files/staging.ts';
import type { DoneRecord } from './types.ts';

/** `temporary` is complete and flushed. A record that disagrees with a file can so never be left behind. */
export function finishFile(staging: string, temporary: string, record: DoneRecord): void {
  moveDurably(temporary, exportedFile(staging, record.name));
  const temporaryRecord = join(attemptDirectory(staging, record.attempt), `${record.name}.done`);
  writeFileSync(temporaryRecord, JSON.stringify(record), { flush: true });
  moveDurably(temporaryRecord, doneFile(staging, record.name));
}

function moveDurably(from: string, to: string): void {
  renameSync(from, to);
  const directory = openSync(dirname(to), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
