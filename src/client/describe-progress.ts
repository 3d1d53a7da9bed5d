// Where a run stands, for people and scripts: what the workflow says, and what the server knows of the activity in work.
import type { WorkflowExecutionDescription, WorkflowExecutionStatusName } from '@temporalio/client';
import { optionalTsToDate } from '@temporalio/common/lib/time.js';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';

import { ConversionStatus, Progress, STATUS_QUERY } from '../contract/index.ts';
import { explainFailure, type FailureReport } from './explain-failure.ts';
import type { ConversionHandle } from './start-conversion.ts';

export interface ConversionProgress {
  readonly workflowId: string;
  readonly runId: string;
  readonly state: WorkflowExecutionStatusName;
  readonly started: Date;
  readonly closed: Date | null;
  /** The workflow's own answer; null while no worker serves its task queue. */
  readonly status: ConversionStatus | null;
  /** The activity that is running or waits for its next attempt; null between two, and after the end. */
  readonly activity: PendingActivity | null;
}

export interface PendingActivity {
  /** Activity type, which is a phase. */
  readonly phase: string;
  readonly activityId: string;
  readonly state: 'scheduled' | 'started' | 'cancel requested' | 'paused' | 'pause requested' | 'unknown';
  /** Counts from 1. */
  readonly attempt: number;
  /** Null where the server retries for ever. */
  readonly maximumAttempts: number | null;
  /** When the next attempt is due; null while one runs or is due now. */
  readonly nextAttempt: Date | null;
  /** When the server gives up; null without a limit. */
  readonly deadline: Date | null;
  /** Why the last attempt failed: while waiting, what is still missing. */
  readonly lastFailure: FailureReport | null;
  readonly progress: Progress | null;
  readonly lastHeartbeat: Date | null;
  /** Identity of the worker that has or had it. */
  readonly worker: string | null;
}

/** Time in milliseconds that a worker has for answering the status query. */
const QUERY_LIMIT = 3000;

/** One look at a run. It works without any worker, too, and then `status` is null. @throws WorkflowNotFoundError */
export async function describeProgress(handle: ConversionHandle): Promise<ConversionProgress> {
  const [description, status] = await Promise.all([handle.describe(), queryStatus(handle)]);
  return {
    workflowId: description.workflowId,
    runId: description.runId,
    state: description.status.name,
    started: description.startTime,
    closed: description.closeTime ?? null,
    status,
    activity: await describeActivity(handle, description),
  };
}

async function queryStatus(handle: ConversionHandle): Promise<ConversionStatus | null> {
  try {
    const answer = await handle.client.withDeadline(Date.now() + QUERY_LIMIT, () => handle.query(STATUS_QUERY));
    return ConversionStatus.parse(answer);
  } catch {
    // No worker, a busy one, or a run that was refused before it could answer: what the server itself knows is still told.
    return null;
  }
}

const STATES = ['unknown', 'scheduled', 'started', 'cancel requested', 'paused', 'pause requested'] as const;

async function describeActivity(
  handle: ConversionHandle,
  description: WorkflowExecutionDescription,
): Promise<PendingActivity | null> {
  const pending = description.raw.pendingActivities?.[0];
  if (pending === undefined) return null;
  const converter = handle.client.options.loadedDataConverter;
  const [details] = await decodeArrayFromPayloads(converter, pending.heartbeatDetails?.payloads ?? []);
  const failure = await decodeOptionalFailureToOptionalError(converter, pending.lastFailure);
  const state = STATES[pending.state ?? 0] ?? 'unknown';
  const next = optionalTsToDate(pending.nextAttemptScheduleTime);
  return {
    phase: pending.activityType?.name ?? '',
    activityId: pending.activityId ?? '',
    state: pending.paused === true && state === 'scheduled' ? 'paused' : state,
    attempt: pending.attempt ?? 1,
    maximumAttempts: pending.maximumAttempts === 0 ? null : (pending.maximumAttempts ?? null),
    nextAttempt: state === 'scheduled' && next !== undefined ? next : null,
    deadline: optionalTsToDate(pending.expirationTime) ?? null,
    lastFailure: failure === undefined ? null : explainFailure(failure),
    progress: Progress.safeParse(details).data ?? null,
    lastHeartbeat: optionalTsToDate(pending.lastHeartbeatTime) ?? null,
    worker: pending.lastWorkerIdentity || null,
  };
}
