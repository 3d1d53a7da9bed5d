// Files of a meeting appear whole: written under another name, then renamed. Not flushed: they are of no use once the world is gone.
import { rename, writeFile } from 'node:fs/promises';
import { inMeeting } from './meeting-paths.ts';

/** @throws the system's error, ENOENT where the meeting is no longer there */
export async function writeMessage(meeting: string, name: string, message: object): Promise<void> {
  const path = inMeeting(meeting, name);
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, JSON.stringify(message));
  await rename(temporary, path);
}
