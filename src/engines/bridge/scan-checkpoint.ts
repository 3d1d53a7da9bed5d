// What a checkpoint would have Megatron-Bridge execute, looked for before Megatron-Bridge sees it.
import { readdir } from 'node:fs/promises';
import { readCommonState, readStateFile } from '../../checkpoint/common-state.ts';
import { readRunConfigTargets } from '../../checkpoint/run-config-targets.ts';
import { readTrainingConfig } from '../../checkpoint/training-config.ts';
import type { Checkpoint } from '../../checkpoint/types.ts';
import { ConversionError } from '../../contract/failures.ts';
import { refuseTarget } from './allowed-targets.ts';

/** Of a quantised or pruned model: unpickled without a limit (training/post_training/checkpointing.py `has_modelopt_state`). */
const MODELOPT_STATE = 'modelopt_state/common.pt';
const ADVICE =
  'engine bridge would have it instantiated. Use a checkpoint that you trust, or ask the operator to extend bridge.allowed_targets';

/**
 * Sentences about what may not be loaded: names in run_config.yaml, or in the args of Megatron-LM, that are not allowed, and classes in the
 * common state and in that of ModelOpt that our own reader does not know, since Megatron unpickles them without a limit. `.metadata` has
 * been read with the same limit already.
 */
export async function scanCheckpoint(checkpoint: Checkpoint, allowed: readonly string[]): Promise<string[]> {
  const { path } = checkpoint;
  const config = await scanRunConfig(path, allowed);
  const states = [
    ...(await scanState('the common state', () => readCommonState(checkpoint))),
    ...(await scanState(MODELOPT_STATE, () => readStateFile(path, MODELOPT_STATE))),
    ...(await scanFolders(path)),
  ];
  // Args are only used where there is no run_config.yaml, and can only be looked at where the common state can be read.
  const args = config === null && states.length === 0 ? await scanArgs(checkpoint, allowed) : [];
  return [...(config ?? []), ...states, ...args];
}

/** Null where there is no run_config.yaml. */
async function scanRunConfig(path: string, allowed: readonly string[]): Promise<string[] | null> {
  const found = await readRunConfigTargets(path);
  if (found === null) return null;
  const file = `${path}/run_config.yaml`;
  const refused = found.targets.flatMap((target) => {
    const why = refuseTarget(target, allowed);
    return why === null ? [] : [`${file} names the _target_ ${JSON.stringify(target)} (${why}), and ${ADVICE}`];
  });
  return [...refused, ...found.hidden.map((what) => `${file} holds ${what}, which cannot be judged, and ${ADVICE}`)];
}

async function scanState(what: string, read: () => Promise<unknown>): Promise<string[]> {
  try {
    await read();
    return [];
  } catch (error) {
    if (!(error instanceof ConversionError) || error.type !== 'CheckpointUnsupported') throw error;
    return [`${what} is not loaded by engine bridge: ${error.message}`];
  }
}

/** Megatron-Bridge looks for the state of ModelOpt in folders like these, and unpickles their common.pt to find the newest. */
async function scanFolders(path: string): Promise<string[]> {
  const names = (await readdir(path)).filter((name) => name.startsWith('iter_'));
  return names.map(
    (name) => `${path} holds ${name}, which engine bridge would read too: move it out of the checkpoint`,
  );
}

/** training/mlm_compat/model.py `_mamba_provider` imports what `spec` names; the tokenizer is built with `hf_tokenizer_kwargs`. */
async function scanArgs(checkpoint: Checkpoint, allowed: readonly string[]): Promise<string[]> {
  const { spec, hf_tokenizer_kwargs: options } = (await readTrainingConfig(checkpoint))?.values ?? {};
  const problems: string[] = [];
  const name = Array.isArray(spec) ? spec.map(String).join('.') : typeof spec === 'string' ? spec : null;
  const why = name === null ? null : refuseTarget(name, allowed);
  if (why !== null)
    problems.push(`the args of ${checkpoint.path} name the spec ${JSON.stringify(name)} (${why}), and ${ADVICE}`);
  if (typeof options === 'object' && options !== null && 'trust_remote_code' in options) {
    problems.push(
      `the args of ${checkpoint.path} set trust_remote_code for the tokenizer of the training run, which nobody here has allowed`,
    );
  }
  return problems;
}

/** @throws ConversionError PolicyRefused with every sentence. */
export async function refuseScanned(checkpoint: Checkpoint, allowed: readonly string[]): Promise<void> {
  const problems = await scanCheckpoint(checkpoint, allowed);
  if (problems.length > 0) throw new ConversionError('PolicyRefused', `${problems.join('; ')}.`, { problems });
}
