// A Megatron checkpoint as a side: the Hugging Face tensors of its plan, put together by the code that an export is written with.
import { readCheckpoint } from '../checkpoint/read-checkpoint.ts';
import { DTYPE_BYTES } from '../checkpoint/types.ts';
import { readRecorded, requireFamily } from '../engines/build-plan.ts';
import type { ModelConfig } from '../models/types.ts';
import { doubtReference } from '../plan/doubt-reference.ts';
import { makePlan } from '../plan/make-plan.ts';
import { statFiles } from '../plan/stat-files.ts';
import type { Books, FilePlan } from '../plan/types.ts';
import { Buffers } from '../rank/buffers.ts';
import { findConverter } from '../rank/cast.ts';
import { ItemStore } from '../rank/item-store.ts';
import { SourceFiles } from '../rank/source-files.ts';
import { gatherBlock } from '../rank/write-tensor.ts';
import { nameFew } from '../contract/name-few.ts';
import type { ReferenceWeights } from '../reference/types.ts';
import type { Side } from './types.ts';

/** What says which tensors a checkpoint makes. */
export interface ModelReference {
  /** Where it comes from. */
  readonly id: string;
  readonly config: ModelConfig;
  /** Names of the reference's own weights, where they are known: parts that it lacks as a whole are then not made. */
  readonly weights: ReferenceWeights | null;
}

/**
 * Plans as a conversion with `dtype=source` and `strict=false` does: what has no counterpart is told by the comparison, and by the notes.
 *
 * @throws ConversionError of the reader of `.metadata`, ModelUnsupported, ReferenceMismatch, BooksNotClosed, CheckpointDamaged.
 */
export async function openCheckpoint(path: string, reference: ModelReference, signal: AbortSignal): Promise<Side> {
  const checkpoint = await readCheckpoint(path, signal);
  const family = requireFamily(reference.config, reference.id);
  const { training, trainingProblem } = await readRecorded(checkpoint);
  const plan = makePlan({
    checkpoint,
    checkpointStat: await statFiles(checkpoint),
    family,
    config: reference.config,
    weights: reference.weights,
    training,
    // One file: then there is one order of tensors, in which each item is read once.
    input: { strict: false, dtype: 'source', max_shard_size: Number.MAX_SAFE_INTEGER },
  });
  const [file = EMPTY] = plan.files;
  return {
    path,
    kind: 'checkpoint',
    family: family.name,
    tensors: new Map(file.tensors.map(({ name, dtype, shape }) => [name, { dtype, shape }])),
    notes: [
      ...(trainingProblem === null ? [] : [trainingProblem]),
      ...doubtReference({ checkpoint, family, config: reference.config, training }),
      ...describeOpenBooks(plan.books),
    ],
    leftOut: plan.books.unmapped,
    ...readPlanned(path, file),
  };
}

const EMPTY: FilePlan = { name: 'model.safetensors', bytes: 0, header: '{}', items: [], tensors: [] };

function readPlanned(path: string, file: FilePlan): Pick<Side, 'read' | 'finish' | 'close'> {
  const sources = new SourceFiles(path);
  const buffers = new Buffers();
  const items = new ItemStore(file, sources, buffers.staging());
  const planned = new Map(file.tensors.map((tensor, index) => [tensor.name, { tensor, index }]));
  const find = (name: string) => {
    const found = planned.get(name);
    if (found === undefined) throw new RangeError(`the plan of ${path} has no tensor ${name}`);
    return found;
  };
  return {
    read: (name, begin, count, block) => {
      const { tensor } = find(name);
      const { sourceDtype, dtype, arithmetic } = tensor;
      const convert = findConverter(sourceDtype, dtype, arithmetic);
      const elementBytes = DTYPE_BYTES[sourceDtype];
      const gathered = convert === null ? block : buffers.output(count * elementBytes);
      const bench = { block: gathered, begin, elementBytes, staging: buffers.staging() };
      gatherBlock(tensor, (index) => items.get(index, name), bench, begin + count);
      convert?.(gathered.buffer, block.buffer, count);
    },
    finish: (name) => {
      items.finishUpTo(find(name).index);
    },
    close: () => {
      sources.close();
    },
  };
}

function describeOpenBooks({ unmapped, missing, excused, dropped }: Books): string[] {
  return [
    ...dropped
      .filter(({ rule }) => rule === 'mtp')
      .map(({ rule, tensors, examples }) => `${tensors} stored tensor(s) take no part (${rule}): ${nameFew(examples)}`),
    ...(unmapped.length === 0
      ? []
      : [`${unmapped.length} stored tensor(s) have no rule and take no part: ${nameFew(unmapped)}`]),
    ...(missing.length === 0 ? [] : [`${missing.length} tensor(s) of the reference are not made: ${nameFew(missing)}`]),
    ...excused.map(
      ({ rule, tensors, examples }) => `${tensors} tensor(s) are not made (${rule}): ${nameFew(examples)}`,
    ),
  ];
}
