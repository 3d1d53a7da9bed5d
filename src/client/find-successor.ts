// A reset, in the UI or by `temporal workflow reset`, ends a run and goes on with a copy of its history under another run id.
import type { ConversionHandle } from './start-conversion.ts';

export interface Successor {
  readonly handle: ConversionHandle;
  readonly runId: string;
}

/**
 * The run that a reset made of this one, or null. Servers older than 1.27 do not tell: then there is none.
 *
 * @param handle - of one run: without a run id it means the latest run, which has no successor
 * @throws WorkflowNotFoundError
 */
export async function findSuccessor(handle: ConversionHandle): Promise<Successor | null> {
  const { raw, workflowId } = await handle.describe();
  const runId = raw.workflowExtendedInfo?.resetRunId;
  return runId ? { handle: handle.client.getHandle(workflowId, runId), runId } : null;
}
