// Another rank than 0 comes to the meeting: it beats, and waits for the roll that names it.
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { dirname } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import { formatSeconds } from '../contract/units.ts';
import { isMissing } from '../files/error-code.ts';
import { beatName, ROLL_FILE } from './meeting-paths.ts';
import { Beat, readMessage, Roll } from './messages.ts';
import { listMeeting } from './open-meeting.ts';
import type { Gathering } from './gather.ts';
import { Pulse } from './pulse.ts';
import { nameMember, type Self } from './self.ts';

const PAUSE_MS = 200;

interface Joining extends Gathering {
  /** Without a beat of rank 0 after which it counts as dead, once it was seen alive. */
  readonly silentSeconds: number;
}

/** @throws ConversionError RankFailed, final, that says what this machine sees, or that rank 0 is gone */
export async function join(gathering: Joining): Promise<Roll> {
  const { meeting, self, limitSeconds, silentSeconds, signal } = gathering;
  const isGone = watchLeader(self, silentSeconds);
  const deadline = performance.now() + limitSeconds * 1000;
  for (;;) {
    const names = await listMeeting(meeting);
    const roll = names?.has(ROLL_FILE) ? await readMessage(meeting, ROLL_FILE, Roll) : null;
    if (roll?.members.some(({ token }) => token === self.token)) return roll;
    const gone = isGone(names?.has(beatName(0)) ? await readMessage(meeting, beatName(0), Beat) : null);
    if (gone !== null) throw describeGone(gone);
    if (performance.now() > deadline) throw await describeView(gathering, names, roll);
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** A beat that nobody continues may be that of an earlier rank 0: only one that was seen to beat can be lost. */
function watchLeader({ machine }: Self, silentSeconds: number): (beat: Beat | null) => Beat | null {
  let leader: { readonly first: Beat; readonly pulse: Pulse; isAlive: boolean } | null = null;
  return (beat) => {
    if (beat && beat.token !== leader?.first.token) {
      leader = { first: beat, pulse: new Pulse(beat, silentSeconds, machine), isAlive: false };
    }
    if (leader === null) return null;
    if (beat && beat.count > leader.first.count) leader.isAlive = true;
    return leader.pulse.judge(beat) !== null && leader.isAlive ? leader.first : null;
  };
}

function describeGone(leader: Beat): ConversionError {
  const message = `${nameMember(leader)} is gone and has called nobody: it said why it ended, or was killed. The other ranks end; start the world again.`;
  return new ConversionError('RankFailed', message, { problems: [message], facts: { final: true } });
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
  const found = await readdir(parent).catch((error: unknown) => (isMissing(error) ? null : String(error)));
  if (typeof found === 'string') return `on this machine its parent cannot be read (${found})`;
  if (found === null) return `on this machine ${parent} does not exist`;
  return `on this machine ${parent} exists, with ${found.length} entries, but rank 0 has not opened the meeting there`;
}

async function describeOthers(meeting: string, rank: number, roll: Roll | null): Promise<string> {
  const called = roll?.members.find((member) => member.rank === rank);
  if (called) return `it called ${nameMember(called)} instead. Two processes with one rank were started`;
  const leader = await readMessage(meeting, beatName(0), Beat);
  if (leader === null) return 'the directory is there, but no sign of rank 0 is in it';
  return `the directory is there, opened by ${nameMember(leader)}, which has not called anybody`;
}
