// Retrying a run that is over: the same request again, a changed one, or the same run from its smoke generation on.
import { randomUUID } from 'node:crypto';

import type { Client, WorkflowExecutionDescription } from '@temporalio/client';

import { ConversionError, type ConversionRequest, type ConversionResult } from '../contract/index.ts';
import type { megatronToHf } from '../workflows/megatron-to-hf.ts';
import { describeReuse } from './describe-reuse.ts';
import { explainFailure, type FailureReport } from './explain-failure.ts';
import { type PastRun, readPastRun } from './past-run.ts';
import { refuseOtherType } from './refuse-other-type.ts';
import { workflowIdOf } from './run-identity.ts';
import { type ConversionHandle, startConversion } from './start-conversion.ts';

export interface RetryConversionOptions {
  /**
   * `start`: a new run under the same workflow id (that of the new target, where the id is that of a target and a change moves it), which
   * reuses every finished file. `smoke`: a reset; phases before the smoke generation
   * keep their results, and the request stays as it is. @default 'start'
   */
  readonly from?: 'start' | 'smoke';
  /** Gives the request of the new run. Only with `start`. */
  readonly change?: (request: ConversionRequest) => ConversionRequest | Promise<ConversionRequest>;
}

interface Found {
  readonly handle: ConversionHandle;
  readonly workflowId: string;
  readonly runId: string;
}

export type RetriedConversion =
  /** It had succeeded and nothing was asked to be different: nothing was started. */
  | (Found & { readonly state: 'published'; readonly result: ConversionResult })
  | (Found & {
      readonly state: 'started' | 'reset';
      /** The run that is retried, and how it ended. */
      readonly earlier: { readonly runId: string; readonly failure: FailureReport | null };
      /** What is reused, a sentence each. */
      readonly notes: readonly string[];
    });

/**
 * Retries the latest run of a workflow id.
 *
 * @throws ConversionError `TargetOwned` while it is running; `InvalidInput` for a run of another workflow, a changed request that does not
 *   fit, or a reset to a phase that the run did not reach; WorkflowNotFoundError when there is no such run
 */
export async function retryConversion(
  client: Client,
  workflowId: string,
  { from = 'start', change }: RetryConversionOptions = {},
): Promise<RetriedConversion> {
  const found = await client.workflow.getHandle(workflowId).describe();
  const { runId } = found;
  refuse(found);
  if (from === 'smoke' && change) throw invalid(KEEPS_REQUEST);
  const handle = client.workflow.getHandle<typeof megatronToHf>(workflowId, runId);
  if (found.status.name === 'COMPLETED' && !change) {
    return { state: 'published', handle, workflowId, runId, result: await handle.result() };
  }
  const past = await readPastRun(handle);
  const failure = await handle.result().then(() => null, explainFailure);
  const earlier = { runId, failure };
  const retrying = { from, isChanged: change !== undefined, failure: failure?.type ?? null };
  const notes = [describeReuse(past, retrying), ...parentNote(found)];
  if (from === 'smoke') {
    const reset = await resetToSmoke(client, found, past);
    return { state: 'reset', ...reset, earlier, notes };
  }
  refuseNone(past.request, found);
  const request = change ? await change(past.request) : past.request;
  const isMoved = request.task_queues?.preflight !== past.request.task_queues?.preflight;
  const taskQueue = isMoved ? {} : { taskQueue: past.taskQueue };
  const id = idOfRetry(workflowId, past.request, request);
  const started = await startConversion(client, request, { workflowId: id, ...taskQueue });
  return { state: 'started', handle: started.handle, workflowId: id, runId: started.runId, earlier, notes };
}

/** The same, unless it is that of a target and the target is another one now: it would stand in the way of requests for the first. */
function idOfRetry(id: string, { hf_path: before }: ConversionRequest, { hf_path: now }: ConversionRequest): string {
  return now !== before && typeof before === 'string' && id === workflowIdOf(before) ? workflowIdOf(now) : id;
}

/** Of a run that failed for its request, as the history has it. */
function refuseNone(request: unknown, { workflowId, runId }: WorkflowExecutionDescription): void {
  if (typeof request === 'object' && request !== null) return;
  throw invalid(`run ${workflowId} (${runId}) was started without a request, so there is nothing to retry`);
}

const KEEPS_REQUEST =
  'a retry from smoke keeps the request of the run, so nothing can be changed. Leave out --from smoke: what is converted is reused all the same';

async function resetToSmoke(
  client: Client,
  { workflowId, runId }: WorkflowExecutionDescription,
  past: PastRun,
): Promise<Found> {
  const eventId = past.resetPoints.get('smokeGenerate');
  if (eventId === undefined) {
    const last = past.begun.at(-1) ?? 'its start';
    throw invalid(
      `run ${workflowId} (${runId}) came as far as ${last} and not to its smoke generation: retry it from the start`,
    );
  }
  const reset = await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'megatron-to-hf retry --from smoke',
    workflowTaskFinishEventId: eventId,
    requestId: randomUUID(),
  });
  const handle = client.workflow.getHandle<typeof megatronToHf>(workflowId, reset.runId);
  return { handle, workflowId, runId: reset.runId };
}

function refuse({ workflowId, runId, type, status }: WorkflowExecutionDescription): void {
  refuseOtherType({ workflowId, type });
  if (status.name !== 'RUNNING' && status.name !== 'PAUSED') return;
  const message =
    `run ${workflowId} (${runId}) is not over: follow it with \`megatron-to-hf status ${workflowId} --follow\`, ` +
    `or end it first with \`megatron-to-hf cancel ${workflowId}\`.`;
  throw new ConversionError('TargetOwned', message, { facts: { workflow_id: workflowId, run_id: runId } });
}

function parentNote({ raw }: WorkflowExecutionDescription): string[] {
  const parent = raw.workflowExecutionInfo?.parentExecution?.workflowId;
  return parent ? [`it was a child of ${parent}, which does not get the result of the retry`] : [];
}

const invalid = (problem: string): ConversionError =>
  new ConversionError('InvalidInput', `${problem}.`, { problems: [problem] });
