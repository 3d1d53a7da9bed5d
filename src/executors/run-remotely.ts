// Ranks as a job of a scheduler. The job outlives this process: a later worker finds it by its name and goes on following it.
import { ConversionError } from '../contract/failures.ts';
import type { RemoteProfile } from '../contract/profiles.ts';
import { toSeconds } from '../contract/units.ts';
import { attachJob, type AttachedJob } from './attach-job.ts';
import { endRecordedJob } from './end-job.ts';
import { followJob } from './follow-job.ts';
import { nameJob } from './job-name.ts';
import { forgetJob, readJobRecord } from './job-record.ts';
import { judgeJob, LOG_LINES } from './judge-job.ts';
import { makeExecutor } from './make-executor.ts';
import type { Place } from './place.ts';
import type { FinishedJob, JobRequest } from './job-request.ts';
import type { Executor, Job, JobSpec, JobState } from './types.ts';

export async function runRemotely(
  request: JobRequest,
  profileName: string,
  profile: RemoteProfile,
  place: Place,
): Promise<FinishedJob> {
  const { staging, report } = request;
  const attached = await attach(request, profileName, profile, place);
  const { job, attempt, executor } = attached;
  if (attached.reattached) request.onReattach?.();
  report(`job ${job.id} ${attached.reattached ? 'is taken up again' : 'is submitted'}`);
  const end = await follow(request, profileName, profile, attached);
  await request.watch?.(attempt);
  if (end.state === 'done') {
    await forgetJob(staging, job.id);
    return { attempt, jobId: job.id };
  }
  // Another attempt or run of ours may have ended it while this one was following.
  const record = await readJobRecord(staging);
  if (end.end === 'cancelled' && (record?.id !== job.id || record.ending)) throw endedByUs(job, profileName);
  const log = await executor
    .tail(job, LOG_LINES)
    .catch((error: unknown) => [`(its log cannot be read: ${String(error)})`]);
  await forgetJob(staging, job.id);
  throw judgeJob(job, end, log, profileName);
}

async function attach(
  request: JobRequest,
  profileName: string,
  profile: RemoteProfile,
  place: Place,
): Promise<AttachedJob> {
  const { staging, signal, report } = request;
  const name = nameJob(staging);
  const patienceSeconds = toSeconds(profile.patience);
  const open: Executor[] = [];
  const openExecutor = (folder: string): Executor => {
    const executor = makeExecutor(profile, folder, place.torchrun);
    open.push(executor);
    return executor;
  };
  const end = (executor: Executor): Promise<void> =>
    endRecordedJob(null, { staging, executor, profile: profileName, patienceSeconds, report });
  try {
    return await attachJob({
      name,
      profile: profileName,
      kind: profile.executor,
      staging,
      signal,
      patienceSeconds,
      openAttempt: request.openAttempt,
      makeExecutor: openExecutor,
      endRecorded: (folder) => end(makeExecutor(profile, folder, place.torchrun)),
      specFor: (attempt, folder) => ({ ...describeJob(request, profile, place, attempt), name, folder }),
      report,
    });
  } catch (error) {
    const [executor] = open;
    if (executor !== undefined && signal.aborted && !(await isHandedOver(request))) await end(executor);
    throw error;
  }
}

async function follow(
  request: JobRequest,
  profileName: string,
  profile: RemoteProfile,
  { job, attempt, executor }: AttachedJob,
): Promise<Exclude<JobState, { state: 'pending' | 'running' }>> {
  const { signal, report } = request;
  const patienceSeconds = toSeconds(profile.patience);
  try {
    return await followJob({
      job,
      executor,
      profile: profileName,
      signal,
      pollSeconds: toSeconds(profile.poll),
      patienceSeconds,
      stallSeconds: request.stallSeconds,
      startSeconds: Math.max(request.stallSeconds, toSeconds(profile.start)),
      watch: () => request.watch?.(attempt) ?? Promise.resolve(''),
      report,
    });
  } catch (error) {
    const stalled = error instanceof ConversionError && error.type === 'ConversionStalled';
    if (stalled || (signal.aborted && !(await isHandedOver(request)))) {
      await endRecordedJob(job, { staging: request.staging, executor, profile: profileName, patienceSeconds, report });
    }
    throw error;
  }
}

async function isHandedOver(request: JobRequest): Promise<boolean> {
  return (await request.isHandedOver?.()) === true;
}

function endedByUs(job: Job, profile: string): ConversionError {
  const message = `Job ${job.id} of profile ${profile} was ended by the run or the attempt that had it before.`;
  return new ConversionError('JobLost', message, { problems: [message], facts: { job: job.id, profile } });
}

function describeJob(
  { world, environment, program }: JobRequest,
  profile: RemoteProfile,
  place: Place,
  attempt: number,
): Omit<JobSpec, 'name' | 'folder'> {
  return {
    program: program(attempt, place),
    nodes: world.nodes,
    ranksPerNode: world.ranksPerNode,
    distributed: world.distributed,
    environment: { OMP_NUM_THREADS: '1', ...profile.env, ...environment },
  };
}
