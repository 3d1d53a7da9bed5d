// What the preflight found, for the result: figures, and what people should know although nothing is wrong.
import { availableParallelism } from 'node:os';
import type { ConversionInput } from '../contract/input.ts';
import type { Profile } from '../contract/profiles.ts';
import type { PreflightResult } from '../contract/results.ts';
import { nameFew } from '../contract/name-few.ts';
import { formatBytes } from '../contract/units.ts';
import { shareRanks } from '../executors/world.ts';
import { architecturesOf } from '../models/registry.ts';
import { compareSettings } from '../plan/compare-settings.ts';
import { findUnprotected } from '../plan/compare-float32.ts';
import { doubtReference } from '../plan/doubt-reference.ts';
import { doubtKeys } from '../plan/export-keys.ts';
import type { LayoutProblems } from '../plan/layout-rules.ts';
import type { Plan } from '../plan/types.ts';
import type { PlanBasis } from './build-plan.ts';
import { describeRemoteCode } from './preflight-policy.ts';
import { chooseRanks } from './preflight-ranks.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';

export interface PreflightFindings {
  readonly input: ConversionInput;
  readonly profile: Profile | null;
  readonly basis: PlanBasis;
  readonly plan: Plan;
  readonly policy: WorkerPolicy;
  readonly layout: LayoutProblems;
  readonly memoryNotes: readonly string[];
}

export function composeResult({
  input,
  profile,
  basis,
  plan,
  policy,
  layout,
  memoryNotes,
}: PreflightFindings): PreflightResult {
  const { reference, family, training } = basis;
  const { ranks, notes } = chooseRanks(input, availableParallelism(), plan.files.length, profile);
  const code = describeRemoteCode(input, policy, reference);
  return {
    engine: 'stream',
    family: family.name,
    architecture: architecturesOf(reference.config)[0] ?? family.name,
    reference_revision: reference.revision,
    reference_path: reference.path,
    reference_digest: reference.digest,
    byte_digest: plan.byteDigest,
    tensors: plan.tensors,
    parameters: plan.parameters,
    bytes: plan.bytes,
    files: plan.files.length,
    ranks,
    warnings: [
      ...reference.warnings,
      ...layout.warnings,
      ...(basis.trainingProblem ? [basis.trainingProblem] : []),
      // A strict run has failed on these already.
      ...doubtReference({ ...basis, config: reference.config }),
      ...(training ? compareSettings(reference.config, training) : []),
      ...(input.strict
        ? []
        : doubtKeys(basis.checkpoint, { family, config: reference.config, weights: reference.weights })),
      ...lossWarnings(plan),
      ...roundingWarnings(input, basis, plan),
    ],
    notes: [
      ...layout.notes,
      ...notes,
      ...describePlaceOf(input, profile, ranks),
      ...memoryNotes,
      ...(code ? [code] : []),
      ...bookNotes(plan),
    ],
  };
}

function describePlaceOf(input: ConversionInput, profile: Profile | null, ranks: number): string[] {
  if (profile === null || profile.executor === 'local') return [];
  const { nodes, ranksPerNode } = shareRanks(profile, input, ranks);
  return [
    `the ranks run as a job of profile ${input.profile} (${profile.executor}): ${ranksPerNode} on each of ${nodes} node(s)`,
  ];
}

/** With strict=false: what the export loses. */
function lossWarnings({ books: { unmapped, missing } }: Plan): string[] {
  const warnings: string[] = [];
  if (unmapped.length > 0) {
    warnings.push(
      `strict=false: ${unmapped.length} source tensor(s) have no rule and are left out: ${nameFew(unmapped)}`,
    );
  }
  if (missing.length > 0) {
    warnings.push(`strict=false: ${missing.length} expected tensor(s) are not produced: ${nameFew(missing)}`);
  }
  return warnings;
}

/** A cast to 16 bits that rounds what the reference keeps in 32. */
function roundingWarnings({ dtype }: ConversionInput, { reference, family }: PlanBasis, plan: Plan): string[] {
  if (!reference.weights || (dtype !== 'bfloat16' && dtype !== 'float16')) return [];
  const names = plan.files.flatMap(({ tensors }) => tensors.map(({ name }) => name));
  const rounded = findUnprotected(family.keepFloat32, reference.weights, names);
  if (rounded.length === 0) return [];
  return [
    `dtype=${dtype}: ${rounded.length} tensor(s) that the reference stores in float32 are rounded: ${nameFew(rounded)}`,
  ];
}

function bookNotes({ books }: Plan): string[] {
  const notes: string[] = [];
  const { rows, bytes } = books.vocabularyPadding;
  if (rows > 0) notes.push(`${rows} rows of vocabulary padding are cut (${formatBytes(bytes)})`);
  const mtp = books.dropped.find(({ rule }) => rule === 'mtp');
  if (mtp) notes.push(`${mtp.tensors} multi-token prediction tensors are dropped (${formatBytes(mtp.bytes)})`);
  for (const { rule, tensors } of books.excused) notes.push(`${tensors} tensor(s) are not produced (${rule})`);
  return notes;
}
