// Follows a job to its end: asks the scheduler, looks at the files, and knows a queue from a stall.
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../contract/failures.ts';
import { formatSeconds } from '../contract/units.ts';
import { callScheduler, schedulerFailed } from './call-scheduler.ts';
import type { Executor, Job, JobState } from './types.ts';

/**
 * A job that is not known is asked for again, so many times in all: a new one may not be listed everywhere yet, a proxy may say 404 for itself, and
 * the record that a job left may not be seen here yet. Whoever takes a living job for lost starts a second one.
 */
const LOST_LOOKS = 3;

export interface FollowRequest {
  readonly job: Job;
  readonly executor: Executor;
  readonly profile: string;
  readonly signal: AbortSignal;
  /** Seconds. */
  readonly pollSeconds: number;
  readonly patienceSeconds: number;
  /** A running job without a sign of life for so long has stalled. */
  readonly stallSeconds: number;
  /** The same, before its first one: images are fetched, modules are loaded. */
  readonly startSeconds: number;
  /** A text that changes with every sign of life. */
  readonly watch: () => Promise<string>;
  readonly report: (message: string) => void;
}

/**
 * The job's end.
 * @throws the signal's reason; ConversionError ConversionStalled; SchedulerFailed once the scheduler has not answered for `patienceSeconds`.
 * The job lives on in all three cases.
 */
export async function followJob(request: FollowRequest): Promise<Exclude<JobState, { state: 'pending' | 'running' }>> {
  const { job, profile, signal } = request;
  const life = new SignsOfLife();
  let silentSince: number | null = null;
  let last: JobState['state'] | null = null;
  let lost = 0;
  for (;;) {
    signal.throwIfAborted();
    const state = await ask(request).catch((error: unknown) =>
      schedulerFailed(profile, `say how job ${job.id} is`, error),
    );
    signal.throwIfAborted();
    const now = performance.now();
    if (state instanceof ConversionError) {
      silentSince ??= now;
      if (state.facts['final'] === true || now - silentSince > request.patienceSeconds * 1000) throw state;
      request.report(`job ${job.id}: ${state.message}`);
      last = null;
    } else {
      silentSince = null;
      if (state.state === 'done') return state;
      lost = state.state === 'failed' && state.end === 'lost' ? lost + 1 : 0;
      if (state.state === 'failed' && (lost === 0 || lost === LOST_LOOKS)) return state;
      if (lost > 0) request.report(`job ${job.id} is asked for again: ${state.detail}`);
      else if (state.state !== last || state.state === 'pending')
        request.report(`job ${job.id} is ${state.state}: ${state.detail}`);
      if (state.state === 'pending') life.wait(now);
      last = state.state;
    }
    const limit = life.look(await request.watch(), now) ? request.stallSeconds : request.startSeconds;
    if (now - life.since > limit * 1000) throw stalled(job, limit);
    await sleep(request.pollSeconds * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function ask({ executor, job, signal }: FollowRequest): Promise<JobState> {
  return callScheduler(signal, (limited) => executor.poll(job, limited));
}

/** When the last sign of life was, or the last moment at which none was due. */
class SignsOfLife {
  since = performance.now();
  #first: string | null = null;
  #last = '';
  #moved = false;

  /** A job in the queue shows no life and has not stalled. */
  wait(now: number): void {
    this.since = now;
  }

  /** Whether there was ever a sign of life. */
  look(sign: string, now: number): boolean {
    this.#first ??= sign;
    if (sign !== this.#last) {
      if (sign !== this.#first) this.#moved = true;
      this.#last = sign;
      this.since = now;
    }
    return this.#moved;
  }
}

function stalled(job: Job, seconds: number): ConversionError {
  const message =
    `Job ${job.id} wrote nothing for ${formatSeconds(seconds)} and was cancelled. Check the file systems of source and target on its ` +
    'nodes; finished files are reused by the next attempt.';
  return new ConversionError('ConversionStalled', message, { problems: [message], facts: { job: job.id } });
}
