// One way to open a file of a checkpoint for reading.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { ConversionError } from '../contract/failures.ts';
import { isMissing } from '../files/error-code.ts';

export interface OpenedFile {
  readonly handle: FileHandle;
  /** Bytes. */
  readonly size: number;
}

/**
 * Opens a regular file, or answers null where there is none. A pipe or device under the name is refused instead of waited for.
 *
 * @throws ConversionError CheckpointUnsupported for anything that is not a regular file of at most `limit` bytes.
 */
export async function openFile(path: string, limit = Infinity): Promise<OpenedFile | null> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (handle === null) return null;
  const found = await handle.stat();
  if (found.isFile() && found.size <= limit) return { handle, size: found.size };
  await handle.close();
  const what = found.isFile() ? `has ${found.size} bytes; at most ${limit} are read` : 'is not a regular file';
  throw new ConversionError('CheckpointUnsupported', `${path} ${what}.`, { facts: { path } });
}
