// Writes that are either whole or absent after a crash: temporary file, fsync, rename, fsync of the directory.
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeError } from './system-error.ts';

/** Flush a file's data, or a directory's entries, to the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Write a whole file under a temporary name beside `path`, flushed, and return that name. */
export async function writeTemporary(path: string, content: string | Uint8Array): Promise<string> {
  const temporary = join(dirname(path), `.${basename(path).replace(/^\./, '')}.${randomUUID()}.tmp`);
  try {
    await writeFile(temporary, content, { flag: 'wx', flush: true });
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return temporary;
}

/** Create or replace a file so that readers see the old or the new content, never a mixture. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = await writeTemporary(path, content);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncPath(dirname(path));
}

/**
 * `writeDurably`, with the directories above.
 * @throws ConversionError InsufficientSpace, TargetRefused; other system errors as they are.
 */
export async function writeInStaging(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeDurably(path, content);
  } catch (error) {
    throw writeError(error, path, Buffer.byteLength(content));
  }
}
