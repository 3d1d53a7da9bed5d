// The SHA-256 of a file, read in pieces.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Hexadecimal. @throws the file system's error; the reason of `signal`. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, signal ? { signal } : {})) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
