// What an operator does in the UI, done through the server's API; and waiting for what the server shows.
import type { WorkflowHandle } from '@temporalio/client';

import { type ConversionHandle, ConversionResult, explainFailure } from '../../src/client.ts';

/** Pauses the one pending activity of a run, as the UI's button does. */
export async function pauseActivity(handle: WorkflowHandle, activityType: string): Promise<void> {
  await handle.client.workflowService.pauseActivity({
    namespace: 'default',
    execution: { workflowId: handle.workflowId },
    type: activityType,
    identity: 'operator',
    reason: 'test',
  });
}

export async function unpauseActivity(handle: WorkflowHandle, activityType: string): Promise<void> {
  await handle.client.workflowService.unpauseActivity({
    namespace: 'default',
    execution: { workflowId: handle.workflowId },
    type: activityType,
    identity: 'operator',
  });
}

/** Polls until `look` gives a value. @throws Error with `what` and the last error after `limit` milliseconds */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  limit = 60_000,
): Promise<T> {
  const deadline = Date.now() + limit;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== null && value !== undefined && value !== false) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${limit} ms in vain for ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The result of a run; its failure as one short error, since a test runner prints the SDK's nested ones on several screens. */
export async function resultOf(handle: ConversionHandle): Promise<ConversionResult> {
  try {
    return ConversionResult.parse(await handle.result());
  } catch (error) {
    const { type, message } = explainFailure(error);
    // The message says it all: the cause would fill several screens.
    // oxlint-disable-next-line preserve-caught-error
    throw new Error(`${type}: ${message}`);
  }
}
