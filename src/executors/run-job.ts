// Runs the ranks of a conversion at the place of a profile. The one way in for both engines.
import { LOCAL_PROFILE, type Profile } from '../contract/profiles.ts';
import { findProfile } from './find-profile.ts';
import { describePlace } from './place.ts';
import { endLeftJob } from './end-left-job.ts';
import { runLocally } from './run-locally.ts';
import { runRemotely } from './run-remotely.ts';
import type { FinishedJob, JobRequest } from './job-request.ts';

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
