// Rank 0 opens the meeting: the directory is new, so nothing in it is older than this world.
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../contract/failures.ts';
import { errorCode, isMissing } from '../files/error-code.ts';
import { beatSeconds } from './beat.ts';
import { beatName, LEADER_FILE } from './meeting-paths.ts';
import { Beat, Leader, readMessage } from './messages.ts';
import { Pulse } from './pulse.ts';
import { readPatiently } from './read-patiently.ts';
import { nameMember, type Self } from './self.ts';
import { writeMessage } from './write-message.ts';

const DAY_MS = 86_400_000;

/**
 * What an earlier world of the same name left behind is removed, unless its rank 0 still lives.
 * @throws ConversionError TargetOwned naming that one; TargetRefused where the directory cannot be made
 */
export async function openMeeting(meeting: string, self: Self, ranks: number, signal: AbortSignal): Promise<void> {
  try {
    await mkdir(dirname(meeting), { recursive: true });
    for (;;) {
      try {
        await mkdir(meeting, { mode: 0o700 });
        await writeMessage(meeting, LEADER_FILE, { token: self.token });
        await sweep(meeting);
        return;
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
      }
      const leader = await readLeader(meeting);
      await refuseLiving(meeting, self, ranks, signal);
      // Unless another world has opened it meanwhile.
      await removeMeeting(meeting, leader);
    }
  } catch (error) {
    if (signal.aborted || (error instanceof ConversionError && error.type === 'TargetOwned')) throw error;
    // What is there already may be another user's, and not for this one to read.
    const why = error instanceof ConversionError ? error.cause : error;
    const message = `The ranks cannot meet at ${meeting}: ${String(why)}. The parent of hf_path must be writable for rank 0.`;
    throw new ConversionError('TargetRefused', message, { problems: [message], cause: error });
  }
}

/**
 * Meetings of other worlds on this target that nobody has written to for a day: their rank 0 was killed. A living one changes its
 * directory every few seconds.
 */
async function sweep(meeting: string): Promise<void> {
  const parent = dirname(meeting);
  const beginning = basename(meeting).replace(/[0-9a-f]{12}$/, '');
  for (const name of await readdir(parent)) {
    if (!name.startsWith(beginning) || name === basename(meeting)) continue;
    if (!/^[0-9a-f]{12}(\.[0-9a-f]{8}\.old)?$/.test(name.slice(beginning.length))) continue;
    const found = await stat(join(parent, name)).catch(() => null);
    if (!found || Date.now() - found.mtimeMs <= DAY_MS) continue;
    // That of another user stays for that user to remove: it is in nobody's way.
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** The token of the rank 0 that opened the meeting which is there now. */
export const readLeader = async (meeting: string): Promise<string | null> =>
  (await readMessage(meeting, LEADER_FILE, Leader))?.token ?? null;

/**
 * Out of the way first: a rank that still writes into it must not end up in the next one.
 * @param leader who opened it; where that is another by now, it stays
 */
export async function removeMeeting(meeting: string, leader: string | null): Promise<void> {
  if ((await readLeader(meeting)) !== leader) return;
  const aside = `${meeting}.${randomUUID().slice(0, 8)}.old`;
  try {
    await rename(meeting, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true, maxRetries: 3 });
}

/** The names in the meeting; null where it is not there. Listing it makes a network file system look anew, which opening a file does not. */
export async function listMeeting(meeting: string): Promise<ReadonlySet<string> | null> {
  const names = await readPatiently(meeting, () => readdir(meeting));
  return names && new Set(names);
}

async function refuseLiving(meeting: string, self: Self, ranks: number, signal: AbortSignal): Promise<void> {
  const found = await readMessage(meeting, beatName(0), Beat);
  // One that has just opened the meeting has not beaten yet.
  if (found && new Pulse(found, Infinity, self.machine).judge(found) !== null) return;
  await sleep(3000 * beatSeconds(ranks), undefined, { signal }).catch(() => signal.throwIfAborted());
  const later = await readMessage(meeting, beatName(0), Beat);
  if (later === null || (later.token === found?.token && later.count === found.count)) return;
  const message =
    `Another world of the same name is at work on this target: its ${nameMember(later)} lives, and meets at ${meeting}. ` +
    'Wait for it, or end it.';
  throw new ConversionError('TargetOwned', message, {
    problems: [message],
    facts: { host: later.host, pid: later.pid },
  });
}
