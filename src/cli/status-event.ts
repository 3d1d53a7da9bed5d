// A look at a run as `status --json` prints it: the names are those of all other events.
import type { ConversionProgress, PendingActivity } from '../client.ts';
import type { Progress } from '../contract/index.ts';

/** Times become ISO texts in JSON. */
export function statusEvent(look: ConversionProgress): Readonly<Record<string, unknown>> {
  const { workflowId, runId, state, started, closed, status, activity } = look;
  return {
    event: 'status',
    workflow_id: workflowId,
    run_id: runId,
    state,
    started,
    closed,
    status,
    activity: activity === null ? null : describeActivity(activity),
  };
}

/** Without what attempts leave for each other. */
function describeProgress({
  carry: _carry,
  failure: _failure,
  ...shown
}: Progress): Omit<Progress, 'carry' | 'failure'> {
  return shown;
}

function describeActivity(activity: PendingActivity): Readonly<Record<string, unknown>> {
  const { phase, activityId, state, attempt, maximumAttempts, nextAttempt, deadline } = activity;
  const { lastFailure, progress, lastHeartbeat, worker } = activity;
  return {
    phase,
    activity_id: activityId,
    state,
    attempt,
    maximum_attempts: maximumAttempts,
    next_attempt: nextAttempt,
    deadline,
    last_failure: lastFailure,
    progress: progress === null ? null : describeProgress(progress),
    last_heartbeat: lastHeartbeat,
    worker,
  };
}
