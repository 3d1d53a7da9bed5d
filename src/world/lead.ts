// Rank 0 of a world: opens the meeting, gathers the others, leads them, and tells them how it ended.
import type { ConversionInput } from '../contract/input.ts';
import type { ConversionError } from '../contract/failures.ts';
import type { Crew, Surroundings } from '../contract/surroundings.ts';
import { toSeconds } from '../contract/units.ts';
import { guardPhase } from '../engines/guard-phase.ts';
import { beatSeconds, startBeating } from './beat.ts';
import { makeCrew } from './crew.ts';
import type { World } from './find-world.ts';
import { gather } from './gather.ts';
import { END_FILE, meetingPath } from './meeting-paths.ts';
import type { Roll } from './messages.ts';
import { openMeeting, readLeader, removeMeeting } from './open-meeting.ts';
import type { Self } from './self.ts';
import type { ShareOwner } from './share-owner.ts';
import { waitFor } from './wait-for.ts';
import { watchMembers, type MemberWatch } from './watch-members.ts';
import { writeSurely } from './write-message.ts';

export interface Leadership {
  readonly world: World;
  readonly self: Self;
  readonly input: ConversionInput;
  readonly surroundings: Omit<Surroundings, 'signal'>;
  /** Of the process: Ctrl-C, SIGTERM. */
  readonly signal: AbortSignal;
}

/** What the pipeline gets. */
export interface Led {
  readonly crew: Crew;
  /** Aborted by `Leadership.signal`, or with a ConversionError when a rank is lost. */
  readonly signal: AbortSignal;
}

/**
 * Runs `work` with the ranks of the world.
 * @param work gives the exit code of all ranks; it reports its failures itself
 * @param report tells a person of a failure before `work`, and gives its exit code
 */
export async function lead(
  { world, self, input, surroundings, signal }: Leadership,
  work: (led: Led) => Promise<number>,
  report: (error: unknown) => Promise<number>,
): Promise<number> {
  const meeting = meetingPath(input.hf_path, world);
  const silentSeconds = Math.max(toSeconds(input.retry.heartbeat), 3 * beatSeconds(world.size));
  try {
    await guardPhase(input, surroundings.policy);
    await openMeeting(meeting, self, world.size, signal);
  } catch (error) {
    return report(error);
  }
  const heart = startBeating(meeting, self, world.size);
  try {
    const limitSeconds = toSeconds(input.retry.stall);
    const { roll, refusal } = await gather({ meeting, self, ranks: world.size, limitSeconds, signal });
    const watch = watchMembers(meeting, roll, self.machine, silentSeconds);
    // Where a rank dies, its launcher ends the others: the death is the reason, and the signal only what follows from it.
    const ended = preferLoss(signal, watch.look);
    const owner = { ...placeIn(roll, self), input, surroundings };
    const led = { crew: makeCrew(meeting, roll, owner), signal: AbortSignal.any([ended.signal, watch.lost]) };
    let exitCode: number;
    try {
      exitCode = await (refusal ? report(refusal) : work(led));
    } finally {
      ended.stop();
      await watch.stop();
    }
    await dismiss(meeting, self.token, exitCode, watch, silentSeconds);
    return exitCode;
  } catch (error) {
    return await report(error);
  } finally {
    await heart.stop();
    // One that stays does no harm: the next world removes it.
    await removeMeeting(meeting, self.token).catch(() => undefined);
  }
}

/** The others leave when they have read the end, and are waited for: the meeting must not vanish under their eyes. */
async function dismiss(
  meeting: string,
  token: string,
  exitCode: number,
  { haveLeft }: MemberWatch,
  seconds: number,
): Promise<void> {
  const tell = async (): Promise<boolean> => {
    // Another world has taken the meeting over, and this is not its end.
    if ((await readLeader(meeting)) !== token) return false;
    await writeSurely(meeting, END_FILE, { token, exitCode }, AbortSignal.timeout(seconds * 1000));
    return waitFor(haveLeft, seconds);
  };
  // What is done is done and reported. Without the word they notice that rank 0 is gone, and say so.
  await tell().catch(() => false);
}

/** The place of a rank in its world and on its machine. */
export function placeIn(
  { members }: Roll,
  { rank, machine }: Pick<Self, 'rank' | 'machine'>,
): Pick<ShareOwner, 'rank' | 'ranks' | 'localRank' | 'localRanks'> {
  const local = members.filter((member) => member.machine === machine);
  const localRank = local.filter((member) => member.rank < rank).length;
  return { rank, ranks: members.length, localRank, localRanks: local.length };
}

/** A signal that is aborted with the loss of a rank, if there is one when `signal` is aborted, else with its reason. */
function preferLoss(
  signal: AbortSignal,
  look: () => Promise<ConversionError | null>,
): { readonly signal: AbortSignal; readonly stop: () => void } {
  const controller = new AbortController();
  const listener = (): void => {
    look().then(
      (loss) => controller.abort(loss ?? signal.reason),
      () => controller.abort(signal.reason),
    );
  };
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return { signal: controller.signal, stop: () => signal.removeEventListener('abort', listener) };
}
