// Rank 0 waits until it has seen every other rank in the meeting: that proves that all of them share one directory.
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../contract/failures.ts';
import { formatSeconds } from '../contract/units.ts';
import { beatName, ROLL_FILE } from './meeting-paths.ts';
import { Beat, Member, readMessage, type Roll } from './messages.ts';
import { listMeeting } from './open-meeting.ts';
import { nameMember, type Self } from './self.ts';
import { writeMessage } from './write-message.ts';

const PAUSE_MS = 200;

export interface Gathering {
  readonly meeting: string;
  readonly self: Self;
  readonly ranks: number;
  /** Seconds that a rank may take to appear. */
  readonly limitSeconds: number;
  readonly signal: AbortSignal;
}

export interface Gathered {
  readonly roll: Roll;
  /** RankFailed, final, naming who was not seen; InvalidInput where ranks were given different requests; null where all is well. */
  readonly refusal: ConversionError | null;
}

/** Writes the roll, also where somebody is missing: those who came learn of the end by it. */
export async function gather(gathering: Gathering): Promise<Gathered> {
  const { meeting, self, ranks, limitSeconds, signal } = gathering;
  const seen = new Map<number, Beat>();
  const deadline = performance.now() + limitSeconds * 1000;
  while (seen.size < ranks - 1 && performance.now() < deadline) {
    await look(meeting, ranks, seen);
    if (seen.size < ranks - 1) {
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
      continue;
    }
    // While the last one was awaited, the first may have been started anew.
    seen.clear();
    await look(meeting, ranks, seen);
  }
  const roll: Roll = {
    token: self.token,
    members: [self, ...seen.values()].map((beat) => Member.parse(beat)),
  };
  await writeMessage(meeting, ROLL_FILE, roll);
  const others = [...seen.values()];
  const absent = seen.size < ranks - 1 ? describeAbsent(gathering, others) : null;
  return { roll, refusal: absent ?? refuseDifferent(self, others) };
}

/** Who is there now. Words of farewell are not read: a rank of the world before, whose launcher starts it anew, may have left them here. */
async function look(meeting: string, ranks: number, seen: Map<number, Beat>): Promise<void> {
  const names = (await listMeeting(meeting)) ?? new Set();
  for (let rank = 1; rank < ranks; rank++) {
    if (!names.has(beatName(rank))) seen.delete(rank);
    else if (!seen.has(rank)) {
      const beat = await readMessage(meeting, beatName(rank), Beat);
      // One that belongs to another roll is a leftover, and is about to notice.
      if (beat?.roll === null) seen.set(rank, beat);
    }
  }
}

function describeAbsent({ meeting, self, ranks, limitSeconds }: Gathering, seen: readonly Beat[]): ConversionError {
  const here = new Set(seen.map(({ rank }) => rank));
  const absent = Array.from({ length: ranks - 1 }, (_, index) => index + 1).filter((rank) => !here.has(rank));
  const others = seen.length === 0 ? 'no other rank' : seen.map(nameMember).join(', ');
  const message =
    `Of the ${ranks} ranks of this world, ${absent.length} did not come to ${meeting} within ${formatSeconds(limitSeconds)} (retry.stall): ` +
    `${absent
      .slice(0, 20)
      .map((rank) => `rank ${rank}`)
      .join(', ')}${absent.length > 20 ? ', ...' : ''}. ` +
    `${nameMember(self)} opened it and saw ${others}. Either they did not start, or their machines do not see this directory: hf_path ` +
    'must lie on a file system that all ranks share, under the same path.';
  return new ConversionError('RankFailed', message, { problems: [message], facts: { final: true, meeting, absent } });
}

function refuseDifferent(self: Self, others: readonly Beat[]): ConversionError | null {
  const problems = others.flatMap((other) => {
    if (other.version !== self.version) {
      return [
        `${nameMember(other)} runs version ${other.version}, rank 0 version ${self.version}. Install the same everywhere.`,
      ];
    }
    if (other.request === self.request) return [];
    return [
      `${nameMember(other)} was given other parameters than rank 0. Start all ranks with the same command line, configuration and variables.`,
    ];
  });
  return problems.length > 0 ? new ConversionError('InvalidInput', problems.join('\n'), { problems }) : null;
}
