// A training workflow that exports what it has trained. In a project of your own, import from 'megatron-to-hf/workflow'.
import {
  ApplicationFailure,
  ChildWorkflowCancellationType,
  ChildWorkflowFailure,
  executeChild,
  log,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';

import {
  type ConversionRequest,
  type ConversionResult,
  type megatronToHf,
  PREFLIGHT_QUEUE,
  WORKFLOW_TYPE,
} from '../../src/workflows/index.ts';

/**
 * Waits for the export. The child may start before the checkpoint is complete: it waits for the asynchronous save by itself.
 * Cancelling this workflow cancels the export, and waits until its ranks are gone.
 */
export async function trainAndExport(request: ConversionRequest): Promise<ConversionResult> {
  // ... train, save the checkpoint ...
  try {
    return await executeChild<typeof megatronToHf>(WORKFLOW_TYPE, {
      workflowId: `${workflowInfo().workflowId}/export`,
      taskQueue: PREFLIGHT_QUEUE,
      args: [request],
    });
  } catch (error) {
    // The types are API: see the table of failures in the README.
    if (error instanceof ChildWorkflowFailure && error.cause instanceof ApplicationFailure) {
      log.error('the export failed', { type: error.cause.type, problems: error.cause.details?.[1] });
    }
    throw error;
  }
}

/**
 * Starts the export and goes on without it. It needs both: without the close policy the server terminates the child when its parent
 * ends, and without the cancellation type a cancelled parent cancels it.
 */
export async function trainAndLeave(request: ConversionRequest): Promise<string> {
  // ... train, save the checkpoint ...
  const child = await startChild<typeof megatronToHf>(WORKFLOW_TYPE, {
    workflowId: `${workflowInfo().workflowId}/export`,
    taskQueue: PREFLIGHT_QUEUE,
    args: [request],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    cancellationType: ChildWorkflowCancellationType.ABANDON,
  });
  // ... train on ...
  return child.workflowId;
}
