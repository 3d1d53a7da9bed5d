// Ends the job that is recorded in the staging directory of a run, where the target is that run's own.
import type { ConversionInput, PreflightResult } from '../contract/index.ts';
import type { Surroundings, Worker } from '../contract/surroundings.ts';
import { endLeftJob } from '../executors/end-left-job.ts';
import { stagingPath } from '../files/staging.ts';
import { readOwner } from '../publish/ownership.ts';
import { isSameOwner, isSameRun } from '../publish/owner-record.ts';

/**
 * Returns once there is no such job; at once where none is recorded, or where the target is somebody else's, whose job it is then.
 *
 * @param longestPatience - seconds that a scheduler may fail to answer, where the profile allows more
 * @throws ConversionError SchedulerFailed where the job may live on; TargetOwned where the record of the owner cannot be read
 */
export async function endOwnJob(
  input: Pick<ConversionInput, 'hf_path'>,
  preflight: Pick<PreflightResult, 'byte_digest'>,
  surroundings: Pick<Surroundings, 'policy' | 'onProgress' | 'worker' | 'isOwnerAlive'>,
  longestPatience = Infinity,
): Promise<void> {
  if (!(await isOwn(input.hf_path, surroundings))) return;
  const { policy, onProgress } = surroundings;
  const report = (message: string): void => onProgress({ phase: 'convert', message });
  await endLeftJob({ staging: stagingPath(input.hf_path, preflight.byte_digest), policy, report, longestPatience });
}

async function isOwn(
  target: string,
  { worker, isOwnerAlive }: Pick<Surroundings, 'worker' | 'isOwnerAlive'>,
): Promise<boolean> {
  const owner: Worker | undefined = (await readOwner(target))?.worker;
  if (owner === undefined || !isSameOwner(owner, worker)) return false;
  // A run that was started anew or reset under our id, and is at work.
  return isSameRun(owner, worker) || !(await isOwnerAlive(owner));
}
