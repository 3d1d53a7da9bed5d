// Takes a job away from its scheduler, however long that needs.
import { setTimeout as sleep } from 'node:timers/promises';
import { callScheduler, schedulerFailed } from './call-scheduler.ts';
import { type JobRecord, readJobRecord, removeJobRecord, writeJobRecord } from './job-record.ts';
import type { Executor, Job } from './types.ts';

const PAUSE = 2000;
/** A submission that was cut off may still be on its way to the scheduler for so long, in milliseconds. */
export const SETTLE = 10_000;

export interface EndRequest {
  readonly staging: string;
  readonly executor: Executor;
  readonly profile: string;
  /** A scheduler that does not answer is asked again for so long. */
  readonly patienceSeconds: number;
  readonly report: (message: string) => void;
}

/**
 * Ends the job that is recorded in staging, and `known`; returns once it is gone, and its record with it. Nothing where there is neither.
 * @throws ConversionError SchedulerFailed: the job may live on, and its record stays
 */
export async function endRecordedJob(known: Job | null, request: EndRequest): Promise<void> {
  const { staging, executor } = request;
  const found = await readJobRecord(staging);
  // The next attempt may have submitted another job meanwhile: that one is not ours to end.
  const record = known === null || found?.id === known.id ? found : null;
  if (record !== null) await writeJobRecord(staging, { ...record, ending: true });
  const job = known ?? (record === null ? null : await findRecorded(record, executor));
  if (job !== null) await endJob(job, request);
  if (record !== null) await removeJobRecord(staging);
}

async function endJob(job: Job, { executor, profile, patienceSeconds, report }: EndRequest): Promise<void> {
  const deadline = performance.now() + patienceSeconds * 1000;
  for (;;) {
    report(`cancelling job ${job.id}`);
    try {
      await executor.cancel(job);
      return;
    } catch (error) {
      const failure = schedulerFailed(profile, `cancel job ${job.id}`, error);
      if (performance.now() > deadline) throw failure;
      report(`job ${job.id} is not cancelled yet: ${failure.message}`);
      await sleep(PAUSE);
    }
  }
}

/** A submission without an answer may still be on its way. */
async function findRecorded({ id, name, profile, submitted }: JobRecord, executor: Executor): Promise<Job | null> {
  if (id !== null) return { id, name };
  const never = new AbortController().signal;
  for (;;) {
    const job = await callScheduler(never, (limited) => executor.find(name, limited)).catch((error: unknown) => {
      throw schedulerFailed(profile, `look for job ${name}`, error);
    });
    // A clock that was set back must not make us wait for ever.
    if (job !== null || Math.abs(Date.now() - submitted) >= SETTLE) return job;
    await sleep(PAUSE);
  }
}
