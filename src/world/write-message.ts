// Files of a meeting appear whole: written under another name, then renamed. Not flushed: they are of no use once the world is gone.
import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMissing } from '../files/error-code.ts';
import { inMeeting } from './meeting-paths.ts';

const PAUSE_MS = 500;

/** @throws the system's error, ENOENT where the meeting is no longer there */
export async function writeMessage(meeting: string, name: string, message: object): Promise<void> {
  const path = inMeeting(meeting, name);
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, JSON.stringify(message));
  await rename(temporary, path);
}

/**
 * A word that others wait for: on a full disk it is written once there is room again.
 * @throws the system's error: at once where the meeting is no longer there, else when `until` is aborted
 */
export async function writeSurely(meeting: string, name: string, message: object, until: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await writeMessage(meeting, name, message);
      return;
    } catch (error) {
      if (isMissing(error) || until.aborted) throw error;
    }
    await sleep(PAUSE_MS, undefined, { signal: until }).catch(() => undefined);
  }
}
