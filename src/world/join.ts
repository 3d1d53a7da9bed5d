// Another rank than 0 comes to the meeting: it beats, and waits for the roll that names it.
import { setTimeout as sleep } from 'node:timers/promises';
import { dirname } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import { formatSeconds } from '../contract/units.ts';
import { beatName, ROLL_FILE } from './meeting-paths.ts';
import { Beat, readMessage, Roll } from './messages.ts';
import { listMeeting } from './open-meeting.ts';
import type { Gathering } from './gather.ts';
import { nameMember } from './self.ts';

const PAUSE_MS = 200;

/** @throws ConversionError RankFailed, final, that says what this machine sees */
export async function join(gathering: Gathering): Promise<Roll> {
  const { meeting, self, limitSeconds, signal } = gathering;
  const deadline = performance.now() + limitSeconds * 1000;
  for (;;) {
    const names = await listMeeting(meeting);
    const roll = names?.has(ROLL_FILE) ? await readMessage(meeting, ROLL_FILE, Roll) : null;
    if (roll?.members.some(({ token }) => token === self.token)) return roll;
    if (performance.now() > deadline) throw await describeView(gathering, names, roll);
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function describeView(
  { meeting, self, ranks, limitSeconds }: Gathering,
  names: ReadonlySet<string> | null,
  roll: Roll | null,
): Promise<ConversionError> {
  const view = names === null ? await describeParent(meeting) : await describeOthers(meeting, self.rank, roll);
  const message =
    `${nameMember(self)} of ${ranks} was not called by rank 0 at ${meeting} within ${formatSeconds(limitSeconds)} (retry.stall): ${view}. ` +
    'hf_path must lie on a file system that all ranks share, under the same path.';
  return new ConversionError('RankFailed', message, { problems: [message], facts: { final: true, meeting } });
}

async function describeParent(meeting: string): Promise<string> {
  const parent = dirname(meeting);
  const found = await listMeeting(parent).catch((error: unknown) => String(error));
  if (typeof found === 'string') return `on this machine its parent cannot be read (${found})`;
  if (found === null) return `on this machine ${parent} does not exist`;
  return `on this machine ${parent} exists, with ${found.size} entries, but rank 0 has not opened the meeting there`;
}

async function describeOthers(meeting: string, rank: number, roll: Roll | null): Promise<string> {
  const called = roll?.members.find((member) => member.rank === rank);
  if (called) return `it called ${nameMember(called)} instead. Two processes with one rank were started`;
  const leader = await readMessage(meeting, beatName(0), Beat);
  if (leader === null) return 'the directory is there, but no sign of rank 0 is in it';
  return `the directory is there, opened by ${nameMember(leader)}, which has not called anybody`;
}
