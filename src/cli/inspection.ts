// What `inspect` tells: a checkpoint's model, layout and tensors, what becomes of each, and the books. Pure.
import {
  DTYPE_BYTES,
  type Checkpoint,
  type DType,
  type TensorEntry,
  type TrainingConfig,
} from '../checkpoint/types.ts';
import { findDrop } from '../models/drops.ts';
import { volume } from '../plan/strides.ts';
import type { Books, Plan } from '../plan/types.ts';
import { countLayers, countTypes, countVocabulary, type DtypeCount, type Vocabulary } from './count-model.ts';
import { findLayout, type Layout } from './find-layout.ts';
import { findTargets } from './find-targets.ts';
import { guessFamily, type FamilyGuess } from './guess-family.ts';

export interface InspectedTensor {
  readonly key: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: number;
  readonly chunks: number;
  /** Hugging Face tensors that it goes into; empty without a reference. */
  readonly to: readonly string[];
  /** The rule that leaves it out, or null. Without a reference only the general rules are known. */
  readonly dropped: string | null;
}

export interface Inspection {
  readonly path: string;
  readonly iteration: number | null;
  readonly metadata_digest: string;
  /** Of the reference; without one, the guess. */
  readonly family: string | null;
  readonly family_source: 'reference' | 'guess' | null;
  readonly guess: FamilyGuess;
  readonly layers: number | null;
  readonly files: number;
  /** Stored elements of the model, vocabulary padding included. */
  readonly parameters: number;
  /** Elements of the export; null without a reference. */
  readonly exported_parameters: number | null;
  readonly dtypes: Readonly<Record<string, DtypeCount>>;
  readonly layout: Layout;
  readonly vocabulary: Vocabulary | null;
  readonly training_config: string | null;
  /** Why the recorded configuration could not be read, or null. */
  readonly training_problem: string | null;
  readonly objects: readonly string[];
  readonly tensors: readonly InspectedTensor[];
  readonly books: Books | null;
}

export interface InspectRequest {
  readonly checkpoint: Checkpoint;
  readonly training: TrainingConfig | null;
  readonly trainingProblem: string | null;
  /** Null without a reference, or with one that does not fit. */
  readonly planned: { readonly plan: Plan; readonly vocab: number } | null;
}

export function inspectCheckpoint({ checkpoint, training, trainingProblem, planned }: InspectRequest): Inspection {
  const plan = planned?.plan ?? null;
  const targets = plan === null ? null : findTargets(checkpoint, plan);
  const nameDrop = makeDropFinder(plan?.books ?? null);
  const tensors = [...checkpoint.tensors.values()].map((entry) =>
    inspectTensor(entry, [...(targets?.get(entry.key) ?? [])], nameDrop),
  );
  const kept = tensors.filter(({ dropped }) => dropped === null);
  const guess = guessFamily(checkpoint, training);
  return {
    path: checkpoint.path,
    iteration: checkpoint.iteration,
    metadata_digest: checkpoint.metadataDigest,
    family: plan?.family ?? guess.family,
    family_source: plan !== null ? 'reference' : guess.family !== null ? 'guess' : null,
    guess,
    layers: countLayers(kept),
    files: checkpoint.files.size,
    parameters: kept.reduce((sum, { shape }) => sum + volume(shape), 0),
    exported_parameters: plan?.parameters ?? null,
    dtypes: countTypes(tensors),
    layout: findLayout(checkpoint, training),
    vocabulary: countVocabulary(checkpoint, training, planned?.vocab ?? null),
    training_config: training?.source ?? null,
    training_problem: trainingProblem,
    objects: [...checkpoint.objects.keys()],
    tensors,
    books: plan?.books ?? null,
  };
}

function inspectTensor(entry: TensorEntry, to: readonly string[], nameDrop: NameDrop): InspectedTensor {
  return {
    key: entry.key,
    dtype: entry.dtype,
    shape: entry.shape,
    bytes: volume(entry.shape) * DTYPE_BYTES[entry.dtype],
    chunks: entry.chunks.length,
    to,
    dropped: to.length > 0 ? null : nameDrop(entry.key),
  };
}

type NameDrop = (key: string) => string | null;

/** A family may drop parts that its reference lacks, too; of these the books name the first ones only. */
function makeDropFinder(books: Books | null): NameDrop {
  const unmapped = new Set(books?.unmapped);
  return (key) => {
    if (unmapped.has(key)) return null;
    const general = findDrop(key)?.name ?? null;
    if (general !== null || books === null) return general;
    return books.dropped.find(({ examples }) => examples.includes(key))?.rule ?? 'a rule of the family';
  };
}
