// The operator's section `bridge`, where a phase cannot go on without it.
import type { BridgePolicy } from '../../contract/bridge.ts';
import { ConversionError } from '../../contract/failures.ts';

/** The queue of conversions may be served by a worker with another configuration. @throws ConversionError PolicyRefused. */
export function requireBridge(bridge: BridgePolicy | null): BridgePolicy {
  if (bridge !== null) return bridge;
  const message =
    'This worker does not offer engine bridge. Let all workers of these task queues have the same section bridge (docs/bridge.md).';
  throw new ConversionError('PolicyRefused', message, { problems: [message] });
}
