// The job of a staging directory: the one that an earlier worker submitted, else a new one. Never two.
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../contract/failures.ts';
import { callScheduler, schedulerFailed } from './call-scheduler.ts';
import { SETTLE } from './end-job.ts';
import { type JobRecord, makeJobFolder, readJobRecord, removeJobRecord, writeJobRecord } from './job-record.ts';
import type { Executor, Job, JobSpec } from './types.ts';

/** Milliseconds before a scheduler that does not answer is asked again. */
const PAUSE = 2000;

export interface AttachRequest {
  readonly name: string;
  readonly profile: string;
  /** Kind of the scheduler. */
  readonly kind: string;
  readonly staging: string;
  readonly signal: AbortSignal;
  /** Seconds that a scheduler may fail to answer. */
  readonly patienceSeconds: number;
  readonly openAttempt: () => Promise<number>;
  readonly makeExecutor: (folder: string) => Executor;
  /** Ends the job of the record; `folder` is that of its attempt. */
  readonly endRecorded: (folder: string) => Promise<void>;
  readonly specFor: (attempt: number, folder: string) => JobSpec;
  readonly report: (message: string) => void;
}

export interface AttachedJob {
  readonly job: Job;
  readonly attempt: number;
  readonly executor: Executor;
  /** Whether an earlier worker submitted it. */
  readonly reattached: boolean;
}

/** @throws the signal's reason before anything is submitted; ConversionError SchedulerFailed. */
export async function attachJob(request: AttachRequest): Promise<AttachedJob> {
  const { name, profile, kind, staging, signal } = request;
  signal.throwIfAborted();
  const left = await readJobRecord(staging);
  if (left !== null && !left.ending) return takeUp(request, left);
  if (left !== null) await request.endRecorded(await makeJobFolder(staging, left.attempt));
  const attempt = await request.openAttempt();
  const folder = await makeJobFolder(staging, attempt);
  const executor = request.makeExecutor(folder);
  await endStray(request, executor);
  const record = { name, profile, executor: kind, attempt, id: null, submitted: Date.now(), ending: false };
  await writeJobRecord(staging, record);
  return { ...(await submit(request, executor, record, folder)), reattached: false };
}

/** The record says which job an earlier worker had, or was about to have. */
async function takeUp(request: AttachRequest, record: JobRecord): Promise<AttachedJob> {
  const { name, staging, signal } = request;
  const folder = await makeJobFolder(staging, record.attempt);
  const executor = request.makeExecutor(folder);
  const attached = { attempt: record.attempt, executor, reattached: true };
  if (record.id !== null) return { ...attached, job: { id: record.id, name } };
  request.report(`looking for job ${name}: the submission before this attempt got no answer`);
  for (;;) {
    const job = await find(request, executor);
    if (job !== null) {
      await writeJobRecord(staging, { ...record, id: job.id });
      return { ...attached, job };
    }
    // A clock that was set back must not make us wait for ever.
    const age = Math.abs(Date.now() - record.submitted);
    if (age >= SETTLE) break;
    await sleep(Math.min(1000, SETTLE - age), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
  // Submitted under the attempt's own number again: of two jobs with one number, the second to start ends at once.
  return { ...(await submit(request, executor, { ...record, submitted: Date.now() }, folder)), reattached: true };
}

async function submit(
  request: AttachRequest,
  executor: Executor,
  record: JobRecord,
  folder: string,
): Promise<Pick<AttachedJob, 'job' | 'attempt' | 'executor'>> {
  const { staging, profile } = request;
  request.report(`submitting job ${record.name} with profile ${profile}`);
  // Not cut off by a cancel: then nobody would know whether there is a job.
  const never = new AbortController().signal;
  try {
    const job = await callScheduler(never, (limited) =>
      executor.submit(request.specFor(record.attempt, folder), limited),
    );
    await writeJobRecord(staging, { ...record, id: job.id });
    return { job, attempt: record.attempt, executor };
  } catch (error) {
    // Refused is refused: there is no job to look for.
    if (error instanceof ConversionError && error.facts['final'] === true) await removeJobRecord(staging);
    throw schedulerFailed(profile, `submit job ${record.name}`, error);
  }
}

/** A live job without a record writes into a staging directory that is gone: it was removed, since the source had changed. */
async function endStray(request: AttachRequest, executor: Executor): Promise<void> {
  const stray = await find(request, executor);
  if (stray === null) return;
  request.report(`cancelling job ${stray.id}: it belongs to a staging directory that was removed`);
  try {
    await executor.cancel(stray);
  } catch (error) {
    throw schedulerFailed(request.profile, `cancel job ${stray.id}`, error);
  }
}

/** Looking does no harm: a scheduler that does not answer is asked again. */
async function find(request: AttachRequest, executor: Executor): Promise<Job | null> {
  const { signal, name, profile, patienceSeconds, report } = request;
  const deadline = performance.now() + patienceSeconds * 1000;
  for (;;) {
    try {
      return await callScheduler(signal, (limited) => executor.find(name, limited));
    } catch (error) {
      signal.throwIfAborted();
      const failure = schedulerFailed(profile, `look for job ${name}`, error);
      if (failure.facts['final'] === true || performance.now() > deadline) throw failure;
      report(failure.message);
      await sleep(PAUSE, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
