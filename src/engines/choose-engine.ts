// Which engine converts: `stream` where the family is known, else `bridge` where this worker has it.
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { findFamily } from '../models/registry.ts';
import type { Family } from '../models/types.ts';
import type { Reference } from '../reference/types.ts';
import { requireFamily } from './build-plan.ts';

export type EngineChoice =
  | { readonly engine: 'stream'; readonly family: Family }
  /** Null: no table of ours knows the model, and what must come out is what the reference's own weights are named. */
  | { readonly engine: 'bridge'; readonly family: Family | null };

/**
 * @throws ConversionError ModelUnsupported where no engine of this worker knows the model; PolicyRefused where `engine=bridge` is asked of a
 * worker that has not enabled it.
 */
export function chooseEngine(
  { engine }: Pick<ConversionInput, 'engine'>,
  { config, id }: Pick<Reference, 'config' | 'id'>,
  { bridge }: Pick<WorkerPolicy, 'bridge'>,
): EngineChoice {
  const family = findFamily(config);
  if (engine === 'bridge') {
    if (bridge === null) throw notEnabled();
    return { engine, family };
  }
  if (family === null && engine === 'auto' && bridge !== null) return { engine: 'bridge', family };
  return { engine: 'stream', family: family ?? requireFamily(config, id) };
}

function notEnabled(): ConversionError {
  const message =
    'engine=bridge: this worker does not offer it. Leave engine out, use a worker that has it, or ask the operator to set ' +
    'bridge.enabled: true in the worker configuration (docs/bridge.md).';
  return new ConversionError('PolicyRefused', message, { problems: [message], facts: { engine: 'bridge' } });
}
