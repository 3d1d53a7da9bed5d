// The record that says a file is finished. A file without it is written again.
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { errorCode } from '../files/error-code.ts';
import { doneFile, exportedFile } from '../files/staging.ts';
import type { DoneRecord } from './types.ts';

const Count = z.int().min(0);

const DoneRecordSchema = z.object({
  name: z.string(),
  byteDigest: z.string(),
  bytes: Count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  tensors: z.record(z.string(), Count),
  bytesRead: Count,
  unchecked: Count,
  rank: Count,
  attempt: Count,
  seconds: z.number(),
}) satisfies z.ZodType<DoneRecord>;

/** The record of a file, or null where there is none or it cannot be read as one: then the file is written again. */
export function readDoneRecord(staging: string, file: string): DoneRecord | null {
  let text: string;
  try {
    text = readFileSync(doneFile(staging, file), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    return DoneRecordSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The record, if it belongs to this plan and the file stands there with its size; else null. */
export function findFinished(staging: string, file: string, byteDigest: string, bytes: number): DoneRecord | null {
  const record = readDoneRecord(staging, file);
  if (record === null || record.name !== file || record.byteDigest !== byteDigest || record.bytes !== bytes)
    return null;
  const found = statSync(exportedFile(staging, file), { throwIfNoEntry: false });
  return found?.isFile() && found.size === bytes ? record : null;
}
