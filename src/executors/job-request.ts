// What is asked of a place where ranks run, and what is left of it at the end.
import type { WorkerPolicy } from '../contract/surroundings.ts';
import type { RankEvent } from '../rank/types.ts';
import type { Place } from './place.ts';
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
