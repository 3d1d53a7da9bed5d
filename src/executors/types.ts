// An executor: a place where the ranks of a conversion run, and the four questions that can be put to it.

/** What to run. The same for every attempt of the same work, apart from the attempt's own directory in `program`. */
export interface JobSpec {
  /** Made of the run's digest: two submissions of one name are one job. Lower-case letters, digits and `-`, at most 34 characters. */
  readonly name: string;
  /** What each rank executes, as it is found at that place; no shell is involved. */
  readonly program: readonly [string, ...string[]];
  readonly nodes: number;
  readonly ranksPerNode: number;
  /** False: one process without torchrun (`distributed: false`). */
  readonly distributed: boolean;
  /** Variables of the ranks, secrets among them: they never appear in a command line or in a file that others can read. */
  readonly environment: Readonly<Record<string, string>>;
  /** A directory on the file system that this machine and the ranks share, for scripts and logs. Exists. */
  readonly folder: string;
}

/** A submitted job, as the executor knows it. JSON-safe: a later worker finds it by this. */
export interface Job {
  readonly id: string;
  readonly name: string;
}

/** Why a job ended without success. */
export type JobEnd =
  /** Its program ended with a code, or by a signal. */
  | 'exit'
  /** Pre-empted, or its node failed: another attempt can help. */
  | 'preempted'
  /** It used up its time limit. */
  | 'time-limit'
  /** Somebody else cancelled it. */
  | 'cancelled'
  /** The executor no longer knows it, and it left no result. */
  | 'lost';

export type JobState =
  | { readonly state: 'pending' | 'running'; readonly detail: string }
  | { readonly state: 'done' }
  | { readonly state: 'failed'; readonly end: JobEnd; readonly detail: string; readonly exitCode: number | null };

/** Every call may throw a plain error where the scheduler does not answer; the caller asks again. */
export interface Executor {
  /** The job of this name that is pending or running, null where there is none. */
  readonly find: (name: string, signal: AbortSignal) => Promise<Job | null>;
  /** Idempotent: a live job of the same name is returned instead of a second one. */
  readonly submit: (spec: JobSpec, signal: AbortSignal) => Promise<Job>;
  readonly poll: (job: Job, signal: AbortSignal) => Promise<JobState>;
  /** Returns once the job is gone, or throws. */
  readonly cancel: (job: Job) => Promise<void>;
  /** The last lines of its output, at most `lines`. */
  readonly tail: (job: Job, lines: number) => Promise<readonly string[]>;
}
