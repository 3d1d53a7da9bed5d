// The names, sizes and times of a directory and its surroundings: the cheap part of a look, and all of the second one.
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing } from '../../files/error-code.ts';
import { readSmallFile } from '../read-small-file.ts';
import type { FileSeen, Survey } from './types.ts';

const ITERATION = /^(iter_\d{7,}|release)$/;
/** Open questions to the file system at a time. */
const WIDTH = 32;

/** @param at milliseconds since 1970. */
export async function survey(path: string, at: number): Promise<Survey> {
  const parent = dirname(path);
  const beside = await namesOf(parent);
  const surroundings = {
    siblings: iterationsAmong(beside ?? []),
    tracker: await readTracker(parent),
  };
  const found = await statOrNull(path);
  if (found === null || !found.isDirectory()) {
    const place = found !== null ? 'not a directory' : beside === null ? 'parent missing' : 'missing';
    return { path, at, place, entries: [], digest: place, newest: 0, ...surroundings };
  }
  const entries = await listEntries(path);
  return {
    path,
    at,
    place: 'directory',
    entries,
    digest: digestOf(entries),
    newest: newestOf(entries, found.mtimeMs),
    ...surroundings,
  };
}

/** Iterations among names, oldest first. */
export function iterationsAmong(names: readonly string[]): string[] {
  return names.filter((name) => ITERATION.test(name)).sort();
}

/** What `latest_checkpointed_iteration.txt` in a directory names, or null. */
export async function readTracker(directory: string): Promise<string | null> {
  const bytes = await readSmallFile(join(directory, 'latest_checkpointed_iteration.txt'), 4096);
  const text = bytes?.toString('utf8').trim().slice(0, 64) ?? '';
  return /^(\d+|release)$/.test(text) ? text : null;
}

async function listEntries(path: string): Promise<FileSeen[]> {
  const names = (await readdir(path)).sort();
  const entries: FileSeen[] = [];
  for (let start = 0; start < names.length; start += WIDTH) {
    const seen = await Promise.all(names.slice(start, start + WIDTH).map((name) => see(path, name)));
    entries.push(...seen.filter((entry) => entry !== null));
  }
  return entries;
}

/** Null for a name that vanished since it was listed: the next look will tell. */
async function see(path: string, name: string): Promise<FileSeen | null> {
  const found = await statOrNull(join(path, name));
  if (found === null) return null;
  const directory = found.isDirectory();
  return {
    name,
    directory,
    size: directory ? 0 : found.size,
    mtimeMs: found.mtimeMs,
    birthtimeMs: found.birthtimeMs,
  };
}

function digestOf(entries: readonly FileSeen[]): string {
  const hash = createHash('sha256');
  for (const { name, size, mtimeMs } of entries) hash.update(`${name}\0${size}\0${mtimeMs}\n`);
  return hash.digest('hex');
}

function newestOf(entries: readonly FileSeen[], own: number): number {
  return entries.reduce((newest, { mtimeMs }) => Math.max(newest, mtimeMs), own);
}

async function namesOf(path: string): Promise<string[] | null> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
