// The job that somebody left in a staging directory: ended before other ranks start there, or because nobody goes on with it.
import { ConversionError } from '../contract/failures.ts';
import type { Profile } from '../contract/profiles.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { toSeconds } from '../contract/units.ts';
import { endRecordedJob } from './end-job.ts';
import { findProfile, findProfileProblem } from './find-profile.ts';
import { type JobRecord, makeJobFolder, readJobRecord } from './job-record.ts';
import { makeExecutor } from './make-executor.ts';

export interface LeftJob {
  readonly staging: string;
  readonly policy: Pick<WorkerPolicy, 'profiles' | 'torchrun'>;
  readonly report: (message: string) => void;
  /** Seconds that a scheduler may fail to answer, where its profile allows more. Left out: what the profile allows. */
  readonly longestPatience?: number;
}

/**
 * Returns once no job is recorded in staging; at once where there is none.
 *
 * @param keep - name of the profile whose job may stay: it is taken up again. Null: none
 * @throws ConversionError SchedulerFailed where the job may live on: its scheduler does not answer, or this worker cannot reach it
 */
export async function endLeftJob(left: LeftJob, keep: string | null = null): Promise<void> {
  const { staging, policy, report, longestPatience = Infinity } = left;
  const record = await readJobRecord(staging);
  if (record === null) return;
  const profile = findProfileProblem(record.profile, policy) === null ? findProfile(record.profile, policy) : null;
  if (profile !== null && record.executor !== null && record.executor !== profile.executor)
    throw turned(record, profile, staging);
  if (record.profile === keep) return;
  if (profile === null || profile.executor === 'local') throw unreachable(record);
  const executor = makeExecutor(profile, await makeJobFolder(staging, record.attempt), policy.torchrun);
  const patienceSeconds = Math.min(toSeconds(profile.patience), longestPatience);
  await endRecordedJob(null, { staging, executor, profile: record.profile, patienceSeconds, report });
}

function unreachable({ id, name, profile }: JobRecord): ConversionError {
  return stillThere(
    id ?? name,
    profile,
    `may still write into the staging directory, and this worker has no such profile to end it with. Name profile=${profile}, or use a worker that has it.`,
  );
}

/** Asked for the id of another scheduler's job, a scheduler would say that there is none: the job would count as lost, and run beside the next one. */
function turned({ id, name, profile, executor }: JobRecord, now: Profile, staging: string): ConversionError {
  return stillThere(
    id ?? name,
    profile,
    `was submitted with executor ${executor}, and profile ${profile} is now ${now.executor} on this worker, which cannot end it. ` +
      `Give the profile its executor back, or end the job by hand and remove ${staging}/job.json.`,
  );
}

function stillThere(job: string, profile: string, what: string): ConversionError {
  const message = `Job ${job} of profile ${profile} ${what}`;
  return new ConversionError('SchedulerFailed', message, { problems: [message], facts: { profile, job } });
}
