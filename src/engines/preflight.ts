// Phase `validateParallelism`: plans in memory and judges layout, reference, target, space, memory and policy. Writes nothing.
import { existsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { digestShardsNow } from '../checkpoint/completeness/digest-shards.ts';
import type { DType } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import type { Profile } from '../contract/profiles.ts';
import type { CompletenessResult, PreflightResult } from '../contract/results.ts';
import { findProfile, findProfileProblem } from '../executors/find-profile.ts';
import { findUnseenPaths } from '../executors/unseen-paths.ts';
import type { ModelDimensions } from '../models/types.ts';
import { findEmbedding } from '../plan/index-sources.ts';
import { judgeLayout, type LayoutVerdict } from '../plan/judge-layout.ts';
import type { LayoutFacts } from '../plan/layout-facts.ts';
import { readTrainingValues } from '../plan/training-values.ts';
import type { Plan } from '../plan/types.ts';
import { refuseOwned } from '../publish/ownership.ts';
import { refuseTarget } from '../publish/target-rules.ts';
import { planFrom, readSources, type PlanBasis, type SourceBasis } from './build-plan.ts';
import { preflightBridge } from './bridge/preflight-bridge.ts';
import { chooseEngine } from './choose-engine.ts';
import { keptOf } from './kept-paths.ts';
import { judgeSmokeMemory } from './preflight-memory.ts';
import { refusePaths } from './preflight-policy.ts';
import { PreflightProblems } from './preflight-problems.ts';
import { chooseRanks, readLayoutAt } from './preflight-ranks.ts';
import { composeResult } from './preflight-result.ts';
import { spaceProblem } from './preflight-space.ts';
import { describePublished, findPublishedExport } from './reuse-published.ts';
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
  const noProfile = findProfileProblem(input.profile, policy);
  problems.add('PolicyRefused', noProfile === null ? [] : [noProfile]);
  const profile = noProfile === null ? findProfile(input.profile, policy) : null;
  problems.add('PolicyRefused', profile === null ? [] : findUnseenPaths(profile, input));
  onProgress({ phase: 'validateParallelism', message: 'reading .metadata and the reference' });
  const sources = await problems.collect(() => readSources(input, surroundings));
  if (sources) await refuseOther(sources, completeness);
  const choice = sources && (await problems.collect(async () => chooseEngine(input, sources.reference, policy)));
  if (sources && choice?.engine === 'bridge') {
    return preflightBridge(input, { ...sources, family: choice.family }, problems, surroundings);
  }
  const basis = sources && choice?.engine === 'stream' ? { ...sources, family: choice.family } : null;
  const dimensions = basis && (await problems.collect(async () => basis.family.dimensions(basis.reference.config)));
  const planned = basis && dimensions && (await problems.collect(() => planFrom(basis, input)));
  const plan = planned?.plan;
  surroundings.signal.throwIfAborted();
  const layout = judgeRequestedLayout(input, profile, basis, dimensions ?? null, plan ?? null);
  problems.add('LayoutInvalid', layout.errors);
  const keep = keptOf(input, basis?.reference.path);
  const found = basis && plan ? await findPublishedExport(input.hf_path, { plan, reference: basis.reference }) : null;
  const target = {
    overwrite: input.overwrite,
    keep,
    isWanted: found !== null,
    ...(plan ? { byteDigest: plan.byteDigest } : {}),
  };
  problems.add('TargetRefused', await refuseTarget(input.megatron_path, input.hf_path, target));
  problems.add('TargetRefused', found?.state === 'damaged' ? [found.problem] : []);
  await problems.collect(() => refuseOwned(input.hf_path, surroundings));
  const space = plan && !found && (await spaceProblem(input.hf_path, plan));
  problems.add('InsufficientSpace', space ? [space] : []);
  const memory = judgeMemory(input, plan ?? null, surroundings);
  problems.add('LayoutInvalid', memory.problem ? [memory.problem] : []);
  problems.throwIfAny(input.megatron_path);
  if (!basis || !plan) throw new Error('unreachable: a missing plan is a problem that was thrown above');
  const notes = [...memory.notes, ...(found?.state === 'whole' ? [describePublished(found)] : [])];
  return composeResult({ input, profile, basis, plan, policy, layout, memoryNotes: notes });
}

/** Between the look and this moment lies a queue, perhaps for hours: another save into the same directory may have begun. */
async function refuseOther(
  { checkpoint }: SourceBasis,
  completeness: Pick<CompletenessResult, 'metadata_digest' | 'shards_digest'>,
): Promise<void> {
  const same =
    checkpoint.metadataDigest === completeness.metadata_digest &&
    (await digestShardsNow(checkpoint)) === completeness.shards_digest;
  if (same) return;
  const message = `${checkpoint.path} is not what was found complete: its .metadata, or size or time of a shard, is another. Start again once nothing writes to the checkpoint.`;
  throw new ConversionError('SourceChanged', message, { problems: [message], facts: { path: checkpoint.path } });
}

function judgeRequestedLayout(
  input: ConversionInput,
  profile: Profile | null,
  basis: PlanBasis | null,
  dimensions: ModelDimensions | null,
  plan: Plan | null,
): LayoutVerdict {
  const embedding = basis && findEmbedding(basis.checkpoint);
  const facts: LayoutFacts = {
    engine: 'stream',
    ...readLayoutAt(profile, input),
    dimensions,
    paddedVocab: embedding?.entry.shape[0] ?? null,
    training: basis?.training ? readTrainingValues(basis.training) : null,
    files: plan?.files.length ?? null,
  };
  const ranks = plan && chooseRanks(input, availableParallelism(), plan.files.length, profile).ranks;
  const nodes = facts.isElsewhere === true ? (facts.nnodes.value ?? 1) : 1;
  return judgeLayout(facts, ranks && Math.ceil(ranks / nodes));
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
