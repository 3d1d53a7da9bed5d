// Which rank wrote which file: taken from the done records, which stand in staging until the export is published.
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readDoneRecord } from '../../src/rank/done-record.ts';

export interface FinishedFile {
  readonly name: string;
  readonly bytes: number;
  readonly rank: number;
}

/** Milliseconds between two looks; verification and smoke generation take far longer. */
const PACE = 100;

/** Watches the staging directories of a target until `stop`, which gives what was seen, by rank and name. */
export function watchRanks(target: string): { readonly stop: () => FinishedFile[] } {
  const seen = new Map<string, FinishedFile>();
  const look = (): void => {
    for (const staging of stagingDirectories(target)) {
      for (const record of list(join(staging, 'done'))) {
        const name = basename(record, '.json');
        const done = seen.has(name) ? null : readDoneRecord(staging, name);
        if (done !== null) seen.set(name, { name, bytes: done.bytes, rank: done.rank });
      }
    }
  };
  const timer = setInterval(look, PACE);
  return {
    stop: () => {
      clearInterval(timer);
      return [...seen.values()].sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
    },
  };
}

function stagingDirectories(target: string): string[] {
  const parent = dirname(target);
  return list(parent)
    .filter((name) => name.startsWith(`.${basename(target)}.`) && name.endsWith('.partial'))
    .map((name) => join(parent, name));
}

/** Nothing is there before the first look, and publishing may remove it between two. */
function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
