// `inspect`: reads `.metadata` and, with a reference, plans; no weights are read.
import { readCheckpoint } from '../checkpoint/read-checkpoint.ts';
import { readTrainingConfig } from '../checkpoint/training-config.ts';
import { loadConfig } from '../config/load-config.ts';
import type { ConversionInput } from '../contract/index.ts';
import { buildPlan } from '../engines/build-plan.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import type { Plan } from '../plan/types.ts';
import type { InspectFlags } from './commands/inspect.ts';
import { describeFailure, type Failure } from './describe-failure.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { inspectCheckpoint } from './inspection.ts';
import { readerSurroundings } from './reader-surroundings.ts';
import { renderInspection } from './render-inspection.ts';

export async function inspect(path: string, flags: InspectFlags): Promise<number> {
  // strict=false, so that books that do not close are shown and not only refused.
  const overrides = [`megatron_path=${JSON.stringify(path)}`, 'hf_path=/none', 'strict=false'];
  if (flags.reference !== undefined) overrides.push(`hf_model_id=${JSON.stringify(flags.reference)}`);
  const { input } = await loadConfig({ overrides });
  const surroundings = readerSurroundings(new AbortController().signal);
  const checkpoint = await readCheckpoint(input.megatron_path);
  const { plan, failure } =
    flags.reference === undefined ? { plan: null, failure: null } : await tryPlan(input, surroundings);
  const inspection = inspectCheckpoint(checkpoint, await readTrainingConfig(checkpoint), plan);
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...inspection, failure })}\n`);
  else process.stdout.write(`${renderInspection(inspection).join('\n')}\n`);
  if (failure === null) return EXIT_CODES.done.code;
  process.stderr.write(`no mapping: ${failure.type}: ${failure.message}\n`);
  return failure.exit_code;
}

/** A reference that does not fit is no reason to hide the checkpoint. */
async function tryPlan(
  input: ConversionInput,
  surroundings: Surroundings,
): Promise<{ readonly plan: Plan | null; readonly failure: Failure | null }> {
  try {
    return { plan: (await buildPlan(input, surroundings)).plan, failure: null };
  } catch (error) {
    const failure = await describeFailure(error);
    if (failure.type === 'Error') throw error;
    return { plan: null, failure };
  }
}
