// Cancelling a run.
import { refuseOtherType } from './refuse-other-type.ts';
import type { ConversionHandle } from './start-conversion.ts';

/**
 * Asks for the cancellation. The run ends as CANCELLED once its ranks are gone: within seconds of the next heartbeat, at most 5 s
 * away. What is finished stays in staging, and the same request started again continues from there.
 *
 * A run that is over stays as it is.
 *
 * @throws WorkflowNotFoundError when there is no such run; ConversionError `InvalidInput` for a run of another workflow
 */
export async function cancelConversion(handle: ConversionHandle): Promise<void> {
  refuseOtherType(await handle.describe());
  await handle.cancel();
}
