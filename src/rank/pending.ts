// `attempt-<n>/pending.json`: the files that an attempt has to write. It is written before the ranks start, so that ranks which start
// at different moments deal the same list; and its presence shows that a rank sees the staging directory of its launcher.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ConversionError } from '../contract/failures.ts';
import { errorCode } from '../files/error-code.ts';
import { pendingFile } from '../files/staging.ts';

const PendingSchema = z.object({
  byteDigest: z.string(),
  files: z.array(z.object({ name: z.string(), bytes: z.number() })),
});

export type Pending = z.infer<typeof PendingSchema>;

/** @throws ConversionError RankFailed when the file is missing: another attempt has taken over, or the directory is another one. */
export async function readPending(staging: string, attempt: number): Promise<Pending> {
  const path = pendingFile(staging, attempt);
  try {
    return PendingSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    const message = `${path} does not exist: a newer attempt has taken over, or this machine does not see the staging directory of the launcher.`;
    throw new ConversionError('RankFailed', message, { problems: [message], cause: error });
  }
}
