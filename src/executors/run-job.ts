// Runs the ranks of a conversion at the place of a profile. The one way in for both engines.
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { LOCAL_PROFILE, type Profile } from '../contract/profiles.ts';
import type { RankEvent } from '../rank/types.ts';
import { findProfile } from './find-profile.ts';
import { describePlace, type Place } from './place.ts';
import { endLeftJob } from './end-left-job.ts';
import { runLocally } from './run-locally.ts';
import { runRemotely } from './run-remotely.ts';
import type { World } from './world.ts';

export interface JobRequest {
  /** Name of the profile; null or undefined: `local`. */
  readonly profile: string | null | undefined;
  readonly policy: Pick<WorkerPolicy, 'profiles' | 'torchrun' | 'launchPrefix'>;
  readonly staging: string;
  readonly world: World;
  /** Opens an attempt in staging and gives its number. Not called where a job of an earlier worker is still there: its attempt goes on. */
  readonly openAttempt: () => Promise<number>;
  /** What each rank of that attempt executes at that place; no shell is involved. */
  readonly program: (attempt: number, place: Place) => readonly [string, ...string[]];
  /** Variables of the ranks, on top of those of the profile. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Consecutive arguments of `program` that no other launch on this machine has. */
  readonly mark: readonly string[];
  /** Seconds without a sign of life after which the ranks are ended. */
  readonly stallSeconds: number;
  readonly signal: AbortSignal;
  /** See `Surroundings`. */
  readonly isHandedOver?: (() => Promise<boolean>) | undefined;
  /** Looks at the files of that attempt, and gives a text that changes with every sign of life. Called every few seconds, wherever the ranks run. */
  readonly watch?: (attempt: number) => Promise<string>;
  /** Events of ranks that are children of this process; each is a sign of life. */
  readonly onEvent?: (event: RankEvent) => void;
  /** Other lines of such ranks, and of what launches them; each is a sign of life, where this is given. */
  readonly onLine?: (line: string) => void;
  /** Called where the job is one that an earlier worker submitted. */
  readonly onReattach?: () => void;
  /** What people should know: how the queue is. */
  readonly report: (message: string) => void;
}

export interface FinishedJob {
  readonly attempt: number;
  /** The scheduler's id; null for ranks on this machine. */
  readonly jobId: string | null;
}

/**
 * Runs the ranks to their end, or follows a job that an earlier worker submitted to its end.
 *
 * When `signal` is aborted, no rank is left and no job, unless `isHandedOver` says that another worker goes on with the job.
 *
 * @throws the signal's reason; ConversionError of a rank, RankFailed, ConversionStalled; of jobs also SchedulerFailed, JobLost,
 * JobTimeLimit, JobCancelled; PolicyRefused for an unknown profile
 */
export async function runJob(request: JobRequest): Promise<FinishedJob> {
  const profile = findProfile(request.profile, request.policy);
  const name = request.profile ?? LOCAL_PROFILE;
  const place = describePlace(profile, request.policy);
  await endLeftJob(request, name);
  if (profile.executor === 'local') return runLocally(request, profile, place);
  return runRemotely(request, name, profile satisfies Profile, place);
}
