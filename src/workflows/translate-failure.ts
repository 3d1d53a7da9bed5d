// What a failed activity means for the run: one ApplicationFailure whose type is in FAILURES, so that parents match on the type alone.
import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';

import {
  type ConversionInput,
  FAILURES,
  isFailureType,
  type FailureType,
  formatSeconds,
  type Phase,
  Progress,
  toSeconds,
} from '../contract/index.ts';

/** Why the last attempt failed, from wherever the server still has it. */
interface Reason {
  readonly type: string | null;
  readonly message: string;
  readonly details: unknown[];
}

/** A failure of a phase as the workflow throws it. Cancellation passes unchanged, so that the run ends as cancelled. */
export function translateFailure(phase: Phase, error: unknown, input: ConversionInput): unknown {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) return error;
  const reason = findReason(error.cause);
  if (phase === 'checkCompleteness' && waitIsOver(error, reason)) return waitTimedOut(error, reason, input);
  const type = reason?.type ?? '';
  if (isFailureType(type)) return failure(type, `${phase}: ${reason?.message}`, reason, error);
  const what =
    error.cause instanceof TimeoutFailure ? describeTimeout(error.cause) : (reason?.message ?? error.message);
  const before =
    error.cause instanceof TimeoutFailure && reason !== null ? `\nThe attempt before failed: ${reason.message}` : '';
  return failure('UnexpectedFailure', `${phase}: ${what}${before}`, reason, error);
}

/**
 * The server ends the wait in two shapes: with the last look's own failure and the retry state TIMEOUT, when the next look would
 * miss the deadline; or with a timeout, when no attempt runs at the deadline (no worker), one is still running, or the activity was
 * paused past it (server 1.32 holds the deadline back until it is unpaused).
 */
function waitIsOver(error: ActivityFailure, reason: Reason | null): boolean {
  return reason?.type === 'CheckpointIncomplete' || error.retryState === 'TIMEOUT';
}

function waitTimedOut(error: ActivityFailure, reason: Reason | null, input: ConversionInput): ApplicationFailure {
  const limit = formatSeconds(toSeconds(input.wait.timeout));
  const last =
    reason === null
      ? 'No worker finished a single look at it: is one polling the task queue, and was the activity paused?'
      : `The last look said: ${reason.message}`;
  const message = `${input.megatron_path} did not become complete within wait.timeout = ${limit}. ${last}`;
  return failure('WaitTimedOut', message, reason, error);
}

function failure(type: FailureType, message: string, reason: Reason | null, cause: Error): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    nonRetryable: !FAILURES[type].retryable,
    message: message.includes(FAILURES[type].advice) ? message : `${message}\n${FAILURES[type].advice}`,
    details: reason?.details ?? [{}, []],
    cause,
  });
}

/** The domain's failure is the cause itself; below a timeout only the heartbeat details remember the attempt before. */
function findReason(cause: unknown): Reason | null {
  if (cause instanceof ApplicationFailure) {
    return { type: cause.type ?? null, message: cause.message, details: cause.details ?? [{}, []] };
  }
  if (!(cause instanceof TimeoutFailure)) return null;
  const left = Progress.safeParse(cause.lastHeartbeatDetails).data?.failure;
  return left === undefined ? null : { type: null, message: left.message, details: [{}, left.problems] };
}

function describeTimeout(timeout: TimeoutFailure): string {
  switch (timeout.timeoutType) {
    case 'HEARTBEAT':
      return 'the worker went silent (no heartbeat for retry.heartbeat) in the last attempt allowed';
    case 'START_TO_CLOSE':
      return 'the last attempt allowed ran into its time limit';
    case 'SCHEDULE_TO_START':
    case 'SCHEDULE_TO_CLOSE':
      return 'no attempt finished in the time allowed';
    default:
      return 'timed out';
  }
}
