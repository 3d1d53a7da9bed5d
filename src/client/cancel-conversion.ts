// Cancelling a run.
import type { ConversionHandle } from './start-conversion.ts';

/**
 * Asks for the cancellation. The run ends as CANCELLED once its ranks are gone: within seconds of the next heartbeat, at most 5 s
 * away. What is finished stays in staging, and the same request started again continues from there.
 *
 * @throws WorkflowNotFoundError when there is no such run, or it is over
 */
export async function cancelConversion(handle: ConversionHandle): Promise<void> {
  await handle.cancel();
}
