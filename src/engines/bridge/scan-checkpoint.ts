// What a checkpoint would have Megatron-Bridge execute, looked for before Megatron-Bridge sees it.
import { readCommonState } from '../../checkpoint/common-state.ts';
import { readRunConfigTargets } from '../../checkpoint/run-config-targets.ts';
import type { Checkpoint } from '../../checkpoint/types.ts';
import { ConversionError } from '../../contract/failures.ts';
import { refuseTarget } from './allowed-targets.ts';

/**
 * Sentences about what may not be loaded: names in run_config.yaml that are not allowed, and classes in the common state that our own reader
 * does not know, since Megatron unpickles the latter without a limit. `.metadata` has been read with the same limit already.
 */
export async function scanCheckpoint(checkpoint: Checkpoint, allowed: readonly string[]): Promise<string[]> {
  return [...(await scanRunConfig(checkpoint.path, allowed)), ...(await scanCommonState(checkpoint))];
}

async function scanRunConfig(path: string, allowed: readonly string[]): Promise<string[]> {
  const found = await readRunConfigTargets(path);
  if (found === null) return [];
  const file = `${path}/run_config.yaml`;
  const advice =
    'engine bridge would have it instantiated. Use a checkpoint that you trust, or ask the operator to extend bridge.allowed_targets';
  const refused = found.targets.flatMap((target) => {
    const why = refuseTarget(target, allowed);
    return why === null ? [] : [`${file} names the _target_ ${JSON.stringify(target)} (${why}), and ${advice}`];
  });
  return [...refused, ...found.hidden.map((what) => `${file} holds ${what}, which cannot be judged, and ${advice}`)];
}

async function scanCommonState(checkpoint: Checkpoint): Promise<string[]> {
  try {
    await readCommonState(checkpoint);
    return [];
  } catch (error) {
    if (!(error instanceof ConversionError) || error.type !== 'CheckpointUnsupported') throw error;
    return [`the common state is not loaded by engine bridge: ${error.message}`];
  }
}

/** @throws ConversionError PolicyRefused with every sentence. */
export async function refuseScanned(checkpoint: Checkpoint, allowed: readonly string[]): Promise<void> {
  const problems = await scanCheckpoint(checkpoint, allowed);
  if (problems.length > 0) throw new ConversionError('PolicyRefused', `${problems.join('; ')}.`, { problems });
}
