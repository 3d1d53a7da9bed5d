// Rank 0 watches the others from the roll to the end: one that is lost ends the conversion with one message.
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../contract/failures.ts';
import { beatSeconds } from './beat.ts';
import { beatName, goneName, ROLL_FILE } from './meeting-paths.ts';
import { Beat, Gone, readMessage, Roll, type Member } from './messages.ts';
import { listMeeting } from './open-meeting.ts';
import { Pulse } from './pulse.ts';
import { nameMember } from './self.ts';

/** Who ends a world tells all of its ranks, if not at the same moment. A rank that was told alone is lost after this many seconds. */
const ALONE_SECONDS = 5;

export interface MemberWatch {
  /** Aborted with a `ConversionError` when a rank is lost. */
  readonly lost: AbortSignal;
  /** One look at once: null where all ranks live, or were interrupted a moment ago. */
  readonly look: () => Promise<ConversionError | null>;
  /** Whether every other rank has left, or is dead. */
  readonly haveLeft: () => Promise<boolean>;
  /** Ends the watch. */
  readonly stop: () => Promise<void>;
}

/** @param silentSeconds without a beat after which a rank counts as dead */
export function watchMembers(meeting: string, roll: Roll, machine: string, silentSeconds: number): MemberWatch {
  const others = roll.members.filter(({ token }) => token !== roll.token);
  const pulses = new Map(others.map((member) => [member, new Pulse(member, silentSeconds, machine)]));
  const farewells = new Map<Member, number>();
  const lost = new AbortController();
  const stopping = new AbortController();
  const look = async (): Promise<ConversionError | null> => {
    const names = await listMeeting(meeting);
    const current = names?.has(ROLL_FILE) ? await readMessage(meeting, ROLL_FILE, Roll) : null;
    if (current?.token !== roll.token) return describeTakeover(meeting);
    for (const [member, pulse] of pulses) {
      const why = await judge(meeting, names, member, pulse, farewells);
      if (why !== null) return describeLoss(why, roll.members.length);
    }
    return null;
  };
  const watching = (async () => {
    const pause = beatSeconds(roll.members.length) * 1000;
    while (!stopping.signal.aborted && !lost.signal.aborted) {
      const loss = await look();
      if (loss !== null && !stopping.signal.aborted) lost.abort(loss);
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })().catch((error: unknown) => {
    lost.abort(error);
  });
  const haveLeft = async (): Promise<boolean> => {
    const names = await listMeeting(meeting);
    for (const [member, pulse] of pulses) {
      const isThere = names?.has(beatName(member.rank)) === true;
      if (isThere && pulse.judge(await readMessage(meeting, beatName(member.rank), Beat)) === null) return false;
    }
    return true;
  };
  return {
    lost: lost.signal,
    look,
    haveLeft,
    stop: () => {
      stopping.abort();
      return watching;
    },
  };
}

async function judge(
  meeting: string,
  names: ReadonlySet<string> | null,
  member: Member,
  pulse: Pulse,
  farewells: Map<Member, number>,
): Promise<string | null> {
  const beat = names?.has(beatName(member.rank)) ? await readMessage(meeting, beatName(member.rank), Beat) : null;
  const dead = pulse.judge(beat);
  // Read last: a rank says why it goes before it goes.
  const gone = await readMessage(meeting, goneName(member.rank), Gone);
  if (gone?.token !== member.token) return dead;
  const since = farewells.get(member) ?? performance.now();
  farewells.set(member, since);
  if (gone.interrupted && performance.now() - since < ALONE_SECONDS * 1000) return null;
  return `${nameMember(member)} left: ${gone.why}`;
}

function describeLoss(why: string, ranks: number): ConversionError {
  const message = `${why}. All ${ranks} ranks of this world end; start them again with the same command: finished files are reused.`;
  return new ConversionError('RankFailed', message, { problems: [message], facts: { final: true } });
}

function describeTakeover(meeting: string): ConversionError {
  const message = `${meeting} is no longer the meeting of this world: another rank 0 has taken it over, or somebody removed it. This world ends.`;
  return new ConversionError('RankFailed', message, { problems: [message], facts: { final: true } });
}
