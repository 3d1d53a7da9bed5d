// Another rank than 0: comes to the meeting, does its share of each task, and ends as rank 0 ends.
import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../contract/failures.ts';
import { toSeconds } from '../contract/units.ts';
import { guardPhase } from '../engines/guard-phase.ts';
import { errorCode } from '../files/error-code.ts';
import { beatSeconds, startBeating } from './beat.ts';
import { describeFailure } from './crew.ts';
import { join } from './join.ts';
import { placeIn, type Leadership } from './lead.ts';
import {
  beatName,
  END_FILE,
  goneName,
  inMeeting,
  meetingPath,
  resultName,
  ROLL_FILE,
  stopName,
  taskName,
  TOLD_FILE,
} from './meeting-paths.ts';
import { Beat, End, readMessage, Roll, Stop, Task } from './messages.ts';
import { listMeeting } from './open-meeting.ts';
import { Pulse } from './pulse.ts';
import { runShare } from './share.ts';
import type { ShareOwner } from './share-owner.ts';
import { writeMessage, writeSurely } from './write-message.ts';

const POLL_MS = 300;
/** Of a rank that may not take part, to come to the meeting and say so: rank 0 may not be allowed to open it either. */
const REFUSED_SECONDS = 30;

/**
 * @returns the exit code of rank 0, which has told people what there is to tell
 * @throws ConversionError RankFailed where rank 0 is lost, for the one rank that shall say so; PolicyRefused where this machine may not
 *   use the paths of the request; the signal's reason
 */
export async function follow(following: Leadership): Promise<number> {
  const { world, self, input, surroundings, signal } = following;
  const meeting = meetingPath(input.hf_path, world);
  const silentSeconds = Math.max(toSeconds(input.retry.heartbeat), 3 * beatSeconds(world.size));
  const heart = startBeating(meeting, self, world.size);
  try {
    const refusal = await guardPhase(input, surroundings.policy).catch((error: unknown) => error);
    const patience = toSeconds(input.retry.stall);
    const limitSeconds = refusal ? Math.min(patience, REFUSED_SECONDS) : patience;
    const joining = { meeting, self, ranks: world.size, limitSeconds, silentSeconds, signal };
    const roll = await join(joining).catch((error: unknown) => {
      throw refusal && !signal.aborted ? refusal : error;
    });
    heart.enroll(roll.token);
    // Not before: a refusal is told in the meeting.
    if (refusal) throw refusal;
    return await obey(following, meeting, roll, silentSeconds);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const gone = { token: self.token, why, interrupted: signal.aborted };
    // Where the meeting is gone nobody waits for the word.
    await writeMessage(meeting, goneName(self.rank), gone).catch(() => undefined);
    throw error;
  } finally {
    await heart.stop();
    // The end is known, whatever becomes of this file.
    await rm(inMeeting(meeting, beatName(self.rank)), { force: true }).catch(() => undefined);
  }
}

/** From the roll to the end. */
async function obey(following: Leadership, meeting: string, roll: Roll, silentSeconds: number): Promise<number> {
  const { self, input, surroundings, signal } = following;
  const owner = { ...placeIn(roll, self), input, surroundings };
  const leader = roll.members.find(({ token }) => token === roll.token);
  const pulse = leader && new Pulse(leader, silentSeconds, self.machine);
  const leaving = new AbortController();
  let share: Share | null = null;
  try {
    for (let next = 1; ;) {
      signal.throwIfAborted();
      const names = (await listMeeting(meeting)) ?? new Set();
      const end = names.has(END_FILE) ? await readMessage(meeting, END_FILE, End) : null;
      if (end?.token === roll.token) return end.exitCode;
      const current = names.has(ROLL_FILE) ? await readMessage(meeting, ROLL_FILE, Roll) : null;
      if (current?.token !== roll.token) throw takenOver(meeting);
      const dead = pulse?.judge(await readMessage(meeting, beatName(0), Beat));
      if (dead) throw await leaderLost(meeting, dead);
      const task = names.has(taskName(next)) ? await readMessage(meeting, taskName(next), Task) : null;
      if (task?.token === roll.token) {
        next++;
        // Rank 0 gives no other task before it has the result of the one before.
        share = startShare(meeting, owner, self.token, task, AbortSignal.any([signal, leaving.signal]));
      }
      const stop =
        share && names.has(stopName(share.task)) ? await readMessage(meeting, stopName(share.task), Stop) : null;
      if (stop?.token === roll.token) share?.stop();
      await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  } finally {
    leaving.abort();
    await share?.ended;
  }
}

interface Share {
  readonly task: number;
  readonly stop: () => void;
  /** Never rejects. */
  readonly ended: Promise<void>;
}

function startShare(meeting: string, owner: ShareOwner, token: string, task: Task, signal: AbortSignal): Share {
  const stopping = new AbortController();
  const ended = runShare(owner, task, AbortSignal.any([signal, stopping.signal]))
    .then(
      () => null,
      (error: unknown) => (stopping.signal.aborted ? null : describeFailure(error)),
    )
    // Where the meeting is gone, the loop beside this notices.
    .then((failure) =>
      writeSurely(meeting, resultName(task.task, owner.rank), { token, failure }, signal).catch(() => undefined),
    );
  return { task: task.task, stop: () => stopping.abort(), ended };
}

function takenOver(meeting: string): ConversionError {
  const message = `${meeting} is no longer the meeting of this world: rank 0 was started anew, or somebody removed it. This rank ends.`;
  return new ConversionError('RankFailed', message, { problems: [message], facts: { final: true } });
}

/** Of all ranks that notice, one tells. */
async function leaderLost(meeting: string, why: string): Promise<ConversionError> {
  const isFirst = await writeFile(inMeeting(meeting, TOLD_FILE), '', { flag: 'wx' }).then(
    () => true,
    (error: unknown) => errorCode(error) !== 'EEXIST',
  );
  const message = `${why}. The other ranks end; start the world again with the same command: finished files are reused.`;
  return new ConversionError('RankFailed', message, { problems: [message], facts: { final: true, quiet: !isFirst } });
}
