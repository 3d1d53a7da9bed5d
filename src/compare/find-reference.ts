// The `config.json` that names the tensors of a checkpoint: of the reference that was given, else of the export on the other side.
import { stat } from 'node:fs/promises';
import { readCheckpoint } from '../checkpoint/read-checkpoint.ts';
import { ConversionError } from '../contract/failures.ts';
import { FROM_CHECKPOINT } from '../contract/input.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import { readRecorded } from '../engines/build-plan.ts';
import { readDirectory } from '../reference/read-directory.ts';
import { readWeights } from '../reference/read-weights.ts';
import { resolveReference } from '../reference/resolve.ts';
import { synthesizeReference } from '../synthesis/synthesize-reference.ts';
import type { CheckpointDirectory, ExportFiles } from './list-files.ts';
import type { ModelReference } from './open-checkpoint.ts';

/**
 * @param reference local directory, hub id or `from-checkpoint`, or null.
 * @throws ConversionError InvalidInput where nothing says which model it is; ReferenceUnavailable where the reference cannot be had.
 */
export async function findReference(
  checkpoint: CheckpointDirectory,
  other: ExportFiles | CheckpointDirectory | null,
  reference: string | null,
  surroundings: Surroundings,
): Promise<ModelReference> {
  if (reference === FROM_CHECKPOINT) return makeReference(checkpoint, surroundings);
  if (reference !== null) {
    const found = await stat(reference).catch(() => null);
    if (found?.isDirectory())
      return { ...(await readLocal(reference)), weights: (await readWeights(reference, null)).weights };
    const { id, config, weights } = await resolveReference(
      { hf_model_id: reference, megatron_path: checkpoint.path, tokenizer_source: 'reference' },
      surroundings,
    );
    return { id, config, weights };
  }
  // Not its weights: a part that this export lacks as a whole is a difference to be told.
  if (other?.kind === 'export') return readLocal(other.directory);
  const problem =
    'nothing says which model it holds. Give --reference: a Hugging Face id, a directory with config.json, or from-checkpoint';
  throw new ConversionError('InvalidInput', problem, { problems: [problem] });
}

/** Of what its training run recorded; numbers are compared, so a tokenizer is not missed. */
async function makeReference({ path }: CheckpointDirectory, { signal, policy }: Surroundings): Promise<ModelReference> {
  const checkpoint = await readCheckpoint(path, signal);
  const recorded = await readRecorded(checkpoint);
  const { allowedRoots } = policy;
  return synthesizeReference({ checkpoint, ...recorded, allowedRoots, input: { smoke: { enabled: false } } });
}

async function readLocal(directory: string): Promise<ModelReference> {
  const { config, problems } = await readDirectory(directory);
  if (config !== null && problems.length === 0) return { id: directory, config, weights: null };
  const problem = `${directory} cannot say which model the checkpoint holds: ${problems.join('; ')}. Give another --reference: a Hugging Face id, a directory with config.json, or from-checkpoint`;
  throw new ConversionError('ReferenceUnavailable', problem, { problems: [problem] });
}
