// Everything that decides an export, read and put together: shared by preflight, which judges it, and by convert, which recomputes it.
import { readCheckpoint } from '../checkpoint/read-checkpoint.ts';
import { readTrainingConfig } from '../checkpoint/training-config.ts';
import type { Checkpoint, TrainingConfig } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import { FROM_CHECKPOINT, type ConversionInput } from '../contract/input.ts';
import { architecturesOf, FAMILIES, findFamily } from '../models/registry.ts';
import type { Family, ModelConfig } from '../models/types.ts';
import type { CheckpointStat } from '../plan/byte-digest.ts';
import { makePlan } from '../plan/make-plan.ts';
import { statFiles } from '../plan/stat-files.ts';
import type { Plan } from '../plan/types.ts';
import { resolveReference } from '../reference/resolve.ts';
import type { Reference } from '../reference/types.ts';
import { synthesizeReference } from '../synthesis/synthesize-reference.ts';
import type { Surroundings } from '../contract/surroundings.ts';

/** What every engine begins with. */
export interface SourceBasis {
  readonly checkpoint: Checkpoint;
  readonly reference: Reference;
  readonly training: TrainingConfig | null;
  /** Why `training` is null although the run may have recorded one, else null. */
  readonly trainingProblem: string | null;
}

/** What a plan is made from. */
export interface PlanBasis extends SourceBasis {
  readonly family: Family;
}

export interface PlannedExport {
  readonly plan: Plan;
  /** Stamps of the shards, taken before the plan was made: they are in its byte digest. */
  readonly stamps: CheckpointStat;
}

export type BuiltPlan = PlanBasis & PlannedExport;

/**
 * Reads `.metadata`, the training configuration and the reference, and plans. Moves no weights.
 *
 * @throws ConversionError of the readers; ModelUnsupported; ReferenceMismatch; BooksNotClosed; CheckpointDamaged.
 */
export async function buildPlan(input: ConversionInput, surroundings: Surroundings): Promise<BuiltPlan> {
  const basis = await readBasis(input, surroundings);
  return { ...basis, ...(await planFrom(basis, input)) };
}

/** @throws ConversionError of the readers; ModelUnsupported. */
export async function readBasis(input: ConversionInput, surroundings: Surroundings): Promise<PlanBasis> {
  const sources = await readSources(input, surroundings);
  return { ...sources, family: requireFamily(sources.reference.config, sources.reference.id) };
}

/** @throws ConversionError of the readers. */
export async function readSources(input: ConversionInput, surroundings: Surroundings): Promise<SourceBasis> {
  const checkpoint = await readCheckpoint(input.megatron_path, surroundings.signal);
  const recorded = await readRecorded(checkpoint);
  const isMade = input.hf_model_id === FROM_CHECKPOINT;
  const reference = await (isMade
    ? synthesizeReference({ checkpoint, ...recorded, allowedRoots: surroundings.policy.allowedRoots, input })
    : resolveReference(input, surroundings));
  surroundings.signal.throwIfAborted();
  return { checkpoint, reference, ...recorded };
}

/** The training configuration only serves cross-checks: a class that the reader refuses, of a fork of Megatron say, costs those alone. */
export async function readRecorded(checkpoint: Checkpoint): Promise<Pick<PlanBasis, 'training' | 'trainingProblem'>> {
  try {
    return { training: await readTrainingConfig(checkpoint), trainingProblem: null };
  } catch (error) {
    if (!(error instanceof ConversionError) || error.type !== 'CheckpointUnsupported') throw error;
    const trainingProblem = `the recorded training configuration is not compared with the reference, since it cannot be read: ${error.message}`;
    return { training: null, trainingProblem };
  }
}

/** Plans what `readBasis` read. The file stamps are taken here: they belong to the digest. */
export async function planFrom(
  { checkpoint, reference, family, training }: PlanBasis,
  input: ConversionInput,
): Promise<PlannedExport> {
  const stamps = await statFiles(checkpoint);
  const { config, weights } = reference;
  const plan = makePlan({ checkpoint, checkpointStat: stamps, family, config, weights, training, input });
  return { plan, stamps };
}

export function requireFamily(config: ModelConfig, id: string): Family {
  const family = findFamily(config);
  if (family) return family;
  const known = FAMILIES.flatMap(({ architectures }) => architectures);
  throw new ConversionError(
    'ModelUnsupported',
    `config.json of ${id} names the architecture ${architecturesOf(config).join(', ') || '(none)'}; engine stream knows ${known.join(', ')}. ` +
      'Use a supported architecture, or a worker that has the bridge engine enabled. ' +
      'An operator enables it with bridge.enabled: true in the worker configuration (docs/bridge.md).',
    { facts: { architectures: architecturesOf(config), known } },
  );
}
