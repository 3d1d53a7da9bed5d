// What a rank finds and leaves in the staging directory.
import { join } from 'node:path';

export const exportedFile = (staging: string, file: string): string => join(staging, 'export', file);
export const doneFile = (staging: string, file: string): string => join(staging, 'done', `${file}.json`);
/** Where one attempt writes what it has not finished. Attempt numbers are never used twice in a staging directory. */
export const attemptDirectory = (staging: string, attempt: number): string => join(staging, `attempt-${attempt}`);
export const pendingFile = (staging: string, attempt: number): string =>
  join(attemptDirectory(staging, attempt), 'pending.json');
