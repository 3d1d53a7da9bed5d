// Rank 0 opens the meeting: the directory is new, so nothing in it is older than this world.
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../contract/failures.ts';
import { errorCode, isMissing } from '../files/error-code.ts';
import { beatSeconds } from './beat.ts';
import { beatName } from './meeting-paths.ts';
import { Beat, readMessage } from './messages.ts';
import { Pulse } from './pulse.ts';
import { nameMember, type Self } from './self.ts';

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
        await sweep(meeting);
        return;
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
      }
      await refuseLiving(meeting, self, ranks, signal);
      await removeMeeting(meeting);
    }
  } catch (error) {
    if (error instanceof ConversionError || signal.aborted) throw error;
    const message = `The ranks cannot meet at ${meeting}: ${String(error)}. The parent of hf_path must be writable for rank 0.`;
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
    if (found && Date.now() - found.mtimeMs > DAY_MS) await rm(join(parent, name), { recursive: true, force: true });
  }
}

/** Out of the way first: a rank that still writes into it must not end up in the next one. */
export async function removeMeeting(meeting: string): Promise<void> {
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
  try {
    return new Set(await readdir(meeting));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function refuseLiving(meeting: string, self: Self, ranks: number, signal: AbortSignal): Promise<void> {
  const found = await readMessage(meeting, beatName(0), Beat);
  if (found === null) return;
  const pulse = new Pulse(found, 0, self.machine);
  if (pulse.judge(found) !== null) return;
  await sleep(3000 * beatSeconds(ranks), undefined, { signal }).catch(() => signal.throwIfAborted());
  const later = await readMessage(meeting, beatName(0), Beat);
  if (later === null || later.count === found.count) return;
  const message =
    `Another world of the same name is at work on this target: its ${nameMember(later)} lives, and meets at ${meeting}. ` +
    'Wait for it, or end it.';
  throw new ConversionError('TargetOwned', message, {
    problems: [message],
    facts: { host: later.host, pid: later.pid },
  });
}
