// The header of a safetensors file on disk.
import { open } from 'node:fs/promises';
import { parseHeader, parseHeaderLength } from './parse-header.ts';
import { type Header, HeaderError } from './types.ts';

/** Reads the header alone; its offsets are checked against the size of the file. @throws HeaderError; system errors pass through. */
export async function readHeader(path: string): Promise<Header> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = Buffer.alloc(8);
    const { bytesRead } = await file.read(start, 0, 8, 0);
    const length = parseHeaderLength(start.subarray(0, bytesRead), size);
    const bytes = Buffer.alloc(8 + length);
    for (let position = 0; position < bytes.length;) {
      const { bytesRead: count } = await file.read(bytes, position, bytes.length - position, position);
      if (count === 0)
        throw new HeaderError('InvalidHeaderLength', `the file ended at byte ${position} while it was read`);
      position += count;
    }
    return parseHeader(bytes, size);
  } finally {
    await file.close();
  }
}
