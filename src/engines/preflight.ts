// Phase `validateParallelism`: plans in memory and judges layout, reference, target, space, memory and policy. Writes nothing.
import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { digestShardsNow } from '../checkpoint/completeness/digest-shards.ts';
import type { DType } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import type { CompletenessResult, PreflightResult } from '../contract/results.ts';
import type { ModelDimensions } from '../models/types.ts';
import { findEmbedding } from '../plan/index-sources.ts';
import { readLayout } from '../plan/layout-facts.ts';
import { layoutProblems, type LayoutProblems } from '../plan/layout-rules.ts';
import { readTrainingValues } from '../plan/training-values.ts';
import type { Plan } from '../plan/types.ts';
import { refuseOwned } from '../publish/ownership.ts';
import { refuseTarget } from '../publish/target-rules.ts';
import { planFrom, readBasis, type PlanBasis } from './build-plan.ts';
import { keptOf } from './kept-paths.ts';
import { judgeSmokeMemory } from './preflight-memory.ts';
import { refusePaths } from './preflight-policy.ts';
import { PreflightProblems } from './preflight-problems.ts';
import { composeResult } from './preflight-result.ts';
import { spaceProblem } from './preflight-space.ts';
import type { Surroundings } from '../contract/surroundings.ts';

/**
 * Every rule is tried, and all problems come in one error.
 *
 * @throws ConversionError of the one kind that was found (ReferenceMismatch, BooksNotClosed, TargetRefused, InsufficientSpace,
 * PolicyRefused, ModelUnsupported, ...), or LayoutInvalid for broken layout rules and for problems of several kinds.
 */
export async function validateParallelism(
  input: ConversionInput,
  completeness: Pick<CompletenessResult, 'metadata_digest' | 'shards_digest'>,
  surroundings: Surroundings,
): Promise<PreflightResult> {
  const { policy, onProgress } = surroundings;
  const problems = new PreflightProblems();
  const refused = await refusePaths(input, policy);
  problems.add('PolicyRefused', refused);
  // Nothing outside the allowed roots is opened, not even to find further problems.
  if (refused.length > 0) problems.throwIfAny(input.megatron_path);
  onProgress({ phase: 'validateParallelism', message: 'reading .metadata and the reference' });
  const basis = await problems.collect(() => readBasis(input, surroundings));
  if (basis) await refuseOther(basis, completeness);
  const dimensions = basis && (await problems.collect(async () => basis.family.dimensions(basis.reference.config)));
  const planned = basis && dimensions && (await problems.collect(() => planFrom(basis, input)));
  const plan = planned?.plan;
  surroundings.signal.throwIfAborted();
  const layout = judgeLayout(input, basis, dimensions ?? null, plan ?? null);
  problems.add('LayoutInvalid', layout.errors);
  const keep = keptOf(input, basis?.reference.path);
  const target = { overwrite: input.overwrite, keep, ...(plan ? { byteDigest: plan.byteDigest } : {}) };
  problems.add('TargetRefused', await refuseTarget(input.megatron_path, input.hf_path, target));
  await problems.collect(() => refuseOwned(input.hf_path, surroundings));
  const space = plan && (await spaceProblem(input.hf_path, plan));
  problems.add('InsufficientSpace', space ? [space] : []);
  const memory = judgeMemory(input, plan ?? null, surroundings);
  problems.add('LayoutInvalid', memory.problem ? [memory.problem] : []);
  problems.throwIfAny(input.megatron_path);
  if (!basis || !plan) throw new Error('unreachable: a missing plan is a problem that was thrown above');
  return composeResult({ input, basis, plan, policy, layout, memoryNotes: memory.notes });
}

/** Between the look and this moment lies a queue, perhaps for hours: another save into the same directory may have begun. */
async function refuseOther(
  { checkpoint }: PlanBasis,
  completeness: Pick<CompletenessResult, 'metadata_digest' | 'shards_digest'>,
): Promise<void> {
  const same =
    checkpoint.metadataDigest === completeness.metadata_digest &&
    (await digestShardsNow(checkpoint)) === completeness.shards_digest;
  if (same) return;
  const message = `${checkpoint.path} is not what was found complete: its .metadata, or size or time of a shard, is another. Start again once nothing writes to the checkpoint.`;
  throw new ConversionError('SourceChanged', message, { problems: [message], facts: { path: checkpoint.path } });
}

function judgeLayout(
  input: ConversionInput,
  basis: PlanBasis | null,
  dimensions: ModelDimensions | null,
  plan: Plan | null,
): LayoutProblems {
  const embedding = basis && findEmbedding(basis.checkpoint);
  return layoutProblems({
    engine: 'stream',
    ...readLayout(input),
    dimensions,
    paddedVocab: embedding?.entry.shape[0] ?? null,
    training: basis?.training ? readTrainingValues(basis.training) : null,
    files: plan?.files.length ?? null,
  });
}

function judgeMemory(
  input: ConversionInput,
  plan: Plan | null,
  { policy }: Pick<Surroundings, 'policy'>,
): ReturnType<typeof judgeSmokeMemory> {
  if (!plan) return { problem: null, notes: [] };
  return judgeSmokeMemory(
    input.smoke,
    { parameters: plan.parameters, dtype: widestShare(plan) },
    {
      smokeMemory: policy.smokeMemory,
      totalMemory: totalmem(),
      accelerator: existsSync('/dev/nvidiactl') || existsSync('/dev/kfd'),
    },
  );
}

/** The dtype that most bytes of the export have. */
function widestShare(plan: Plan): DType {
  const bytes = new Map<DType, number>();
  for (const { tensors } of plan.files) {
    for (const { dtype, begin, end } of tensors) bytes.set(dtype, (bytes.get(dtype) ?? 0) + end - begin);
  }
  return [...bytes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'F32';
}
