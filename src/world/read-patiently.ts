// Reads in the meeting outlast a hiccup of the file system: ESTALE, where a file was just replaced, is usual there, EIO is not the end.
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../contract/failures.ts';
import { isMissing } from '../files/error-code.ts';

/** Milliseconds between two tries. */
const PAUSES = [0, 200, 500, 1000, 2000];

/** @returns null where it is not there. @throws ConversionError RankFailed, final, after a few seconds of other errors */
export async function readPatiently<T>(path: string, read: () => Promise<T>): Promise<T | null> {
  let last: unknown;
  for (const pause of PAUSES) {
    if (pause > 0) await sleep(pause);
    try {
      return await read();
    } catch (error) {
      if (isMissing(error)) return null;
      last = error;
    }
  }
  const message = `The ranks can no longer meet: ${path} cannot be read (${String(last)}). Start them again with the same command: finished files are reused.`;
  throw new ConversionError('RankFailed', message, { problems: [message], facts: { final: true }, cause: last });
}
