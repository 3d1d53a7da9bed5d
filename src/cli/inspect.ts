// `inspect`: reads `.metadata` and, with a reference, plans; no weights are read.
import { readCheckpoint } from '../checkpoint/read-checkpoint.ts';
import { readTrainingConfig } from '../checkpoint/training-config.ts';
import type { Checkpoint } from '../checkpoint/types.ts';
import { loadConfig } from '../config/load-config.ts';
import { ConversionError, type ConversionInput } from '../contract/index.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import { buildPlan } from '../engines/build-plan.ts';
import type { InspectFlags } from './flags.ts';
import { describeFailure, type Failure } from './describe-failure.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { inspectCheckpoint, type InspectRequest } from './inspection.ts';
import { readerSurroundings } from './reader-surroundings.ts';
import { renderInspection } from './render-inspection.ts';

export async function inspect(path: string, flags: InspectFlags): Promise<number> {
  // strict=false, so that books that do not close are shown and not only refused; no smoke, so that no tokenizer is missed.
  const overrides = [`megatron_path=${JSON.stringify(path)}`, 'hf_path=/none', 'strict=false', 'smoke.enabled=false'];
  if (flags.reference !== undefined) overrides.push(`hf_model_id=${JSON.stringify(flags.reference)}`);
  const { input } = await loadConfig({ overrides });
  const surroundings = readerSurroundings(new AbortController().signal);
  const checkpoint = await readCheckpoint(input.megatron_path);
  const { training, trainingProblem } = await tryTraining(checkpoint);
  const { planned, failure } =
    flags.reference === undefined ? { planned: null, failure: null } : await tryPlan(input, surroundings);
  const inspection = inspectCheckpoint({ checkpoint, training, trainingProblem, planned });
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...inspection, failure })}\n`);
  else process.stdout.write(`${renderInspection(inspection, flags.all === true).join('\n')}\n`);
  if (failure === null) return EXIT_CODES.done.code;
  process.stderr.write(`no mapping: ${failure.type}: ${failure.message}\n`);
  return failure.exit_code;
}

/** It lies in another file than `.metadata`, which may be missing or damaged: no reason to hide the rest. */
async function tryTraining(checkpoint: Checkpoint): Promise<Pick<InspectRequest, 'training' | 'trainingProblem'>> {
  try {
    return { training: await readTrainingConfig(checkpoint), trainingProblem: null };
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    return { training: null, trainingProblem: error.message };
  }
}

/** A reference that does not fit is no reason to hide the checkpoint. */
async function tryPlan(
  input: ConversionInput,
  surroundings: Surroundings,
): Promise<{ readonly planned: InspectRequest['planned']; readonly failure: Failure | null }> {
  try {
    const { plan, family, reference } = await buildPlan(input, surroundings);
    return { planned: { plan, vocab: family.dimensions(reference.config).vocab }, failure: null };
  } catch (error) {
    const failure = await describeFailure(error);
    if (failure.type === 'Error') throw error;
    return { planned: null, failure };
  }
}
