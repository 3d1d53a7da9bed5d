// Reads the small files beside the shards, with a bound.
import { openFile } from './open-file.ts';

/**
 * All bytes of a small file, or null where it does not exist.
 *
 * @param limit in bytes.
 * @throws ConversionError CheckpointUnsupported for a larger file or something else than a file.
 */
export async function readSmallFile(path: string, limit: number): Promise<Buffer | null> {
  const file = await openFile(path, limit);
  if (file === null) return null;
  try {
    return await file.handle.readFile();
  } finally {
    await file.handle.close();
  }
}
