// Takes out of a directory of ours what does not belong there.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes every file, however deep, whose name below `directory` is not to be kept. Directories stay. */
export async function removeOthers(directory: string, isKept: (name: string) => boolean): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory() && !isKept(path.slice(directory.length + 1))) await rm(path, { force: true });
  }
}
