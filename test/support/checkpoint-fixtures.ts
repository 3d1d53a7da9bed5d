// Working copies of the real checkpoints in fixtures/, with times under control.
import { readdirSync } from 'node:fs';
import { cp, mkdtemp, open, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

export const ROOT = join(import.meta.dirname, '../..');

export const FIXTURE_NAMES = ['llama-trained', 'core-0.16', 'core-0.19', 'mistral-per-layer'] as const;
export type FixtureName = (typeof FIXTURE_NAMES)[number];

/** Name of the one iteration directory of a fixture. */
export function iterationName(name: FixtureName): string {
  const found = readdirSync(join(ROOT, 'fixtures', name, 'checkpoint')).find((entry) => entry.startsWith('iter_'));
  if (found === undefined) throw new Error(`fixture ${name} has no iteration`);
  return found;
}

/** A moment long past, milliseconds since 1970. */
export const SAVED = Date.UTC(2026, 0, 15, 12);

export function fixturePath(name: FixtureName): string {
  return join(ROOT, 'fixtures', name, 'checkpoint', iterationName(name));
}

export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'checkpoint-test-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A copy of a fixture's iteration directory, tracker beside it, with the times of a save that ended at `SAVED`. */
export async function copyFixture(name: FixtureName): Promise<string> {
  const parent = await temporaryDirectory();
  const source = fixturePath(name);
  await cp(dirname(source), parent, { recursive: true });
  const path = join(parent, basename(source));
  await setSaveTimes(path);
  return path;
}

/** Shards a second apart, then `.metadata`, then all else: the order of a save. */
export async function setSaveTimes(path: string, end = SAVED): Promise<void> {
  const names = (await readdir(path)).sort();
  const shards = names.filter((name) => name.endsWith('.distcp'));
  for (const [index, name] of shards.entries())
    await setTime(join(path, name), end - 1000 * (shards.length - index + 1));
  for (const name of names) {
    if (name === '.metadata') await setTime(join(path, name), end - 500);
    else if (!shards.includes(name)) await setTime(join(path, name), end);
  }
  await setTime(path, end);
}

/** @param time milliseconds since 1970. */
export async function setTime(path: string, time: number): Promise<void> {
  await utimes(path, time / 1000, time / 1000);
}

export async function shardsOf(path: string): Promise<string[]> {
  return (await readdir(path)).filter((name) => name.endsWith('.distcp')).sort();
}

/** Overwrites part of a file in place. */
export async function overwrite(path: string, bytes: Uint8Array, position: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, position);
  await file.close();
}
