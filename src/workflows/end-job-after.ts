// The job of a run that ends in its conversion: ended, where no attempt of `convert` could see to it.
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';

import type { ConversionActivities } from '../activities/types.ts';
import { type ConversionInput, formatSeconds } from '../contract/index.ts';
import { CLEANLY_CANCELLED } from '../contract/names.ts';
import { LOCAL_PROFILE } from '../contract/profiles.ts';
import { END_JOB_LIMIT } from './activity-options.ts';

/**
 * `convert`, followed by `endJob` where it leaves a job to nobody: a run that is cancelled between two attempts or while no worker serves it,
 * and the end of the last attempt by a lost worker, its time or a silent scheduler. Ranks of a run without a profile end with their worker.
 *
 * @param remark - gets a sentence where the job may still run, which hides neither the cancellation nor the failure
 */
export function endJobAfter(
  { profile }: Pick<ConversionInput, 'profile'>,
  { convert, endJob }: Pick<ConversionActivities, 'convert' | 'endJob'>,
  remark: (sentence: string) => void,
): ConversionActivities['convert'] {
  if (profile == null || profile === LOCAL_PROFILE) return convert;
  return async (args) => {
    try {
      return await convert(args);
    } catch (error) {
      const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
      if (!leavesJob(error, cancelled)) throw error;
      try {
        await CancellationScope.nonCancellable(() => endJob(args));
      } catch (failure) {
        remark(
          `a job of profile ${profile} may still run, named in job.json of the staging directory: ${why(failure)}`,
        );
      }
      throw cancelled && wasLost(error)
        ? new CancelledFailure('cancelled while no worker followed the conversion')
        : error;
    }
  };
}

/** Any other failure of the domain has ended its job, or says that it could not. */
function leavesJob(error: unknown, cancelled: boolean): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof CancelledFailure) return cause.details?.[0] !== CLEANLY_CANCELLED;
  return cancelled || wasLost(error) || (cause instanceof ApplicationFailure && cause.type === 'SchedulerFailed');
}

/** The server ends an attempt that was asked to cancel, and whose worker is gone, with a timeout. */
function wasLost(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;
}

function why(failure: unknown): string {
  const cause = failure instanceof ActivityFailure ? failure.cause : failure;
  if (cause instanceof TimeoutFailure) return `no worker ended it within ${formatSeconds(END_JOB_LIMIT)}`;
  return (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0] ?? '';
}
