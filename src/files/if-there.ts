// What may not be there: its absence is an answer, every other failure of the system is one.
import { readdir, readFile, stat } from 'node:fs/promises';
import { isMissing } from './error-code.ts';

/** Bytes, or null where there is nothing. */
export async function sizeIfThere(path: string): Promise<number | null> {
  return unlessMissing(async () => (await stat(path)).size, null);
}

/** The names in a directory, none where there is no directory. */
export async function namesIfThere(directory: string): Promise<readonly string[]> {
  return unlessMissing(() => readdir(directory), []);
}

/** The content, or null where there is no file or what it holds is no JSON (the rest of a write that was cut off). */
export async function jsonIfThere(path: string): Promise<unknown> {
  try {
    return await unlessMissing<unknown>(async () => JSON.parse(await readFile(path, 'utf8')), null);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

async function unlessMissing<T>(look: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (isMissing(error)) return otherwise;
    throw error;
  }
}
