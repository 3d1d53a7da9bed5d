// Checkpoint x family x reference -> plan. Pure: it reads nothing, and everything difficult is decided here.
import type { Checkpoint, TrainingConfig } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import { toBytes } from '../contract/units.ts';
import type { Family, ModelConfig } from '../models/types.ts';
import type { ReferenceWeights } from '../reference/types.ts';
import { closeBooks } from './books.ts';
import { digestBytes, type CheckpointStat } from './byte-digest.ts';
import { compareReference } from './compare-reference.ts';
import { doubtReference } from './doubt-reference.ts';
import { exportKeys } from './export-keys.ts';
import { gatherTargets, type Gathered } from './gather-targets.ts';
import { indexSources } from './index-sources.ts';
import { layOutFile, tensorBytes, type SizedTensor } from './lay-out-file.ts';
import { isFloat, matchNames, outputDtype } from './output-dtype.ts';
import { shardFiles } from './shard-files.ts';
import { volume } from './strides.ts';
import { readTrainingValues } from './training-values.ts';
import type { Plan } from './types.ts';
import { buildIndex } from './weight-index.ts';

export interface PlanRequest {
  readonly checkpoint: Checkpoint;
  /** Stamps of the source files, for the digest. */
  readonly checkpointStat: CheckpointStat;
  readonly family: Family;
  readonly config: ModelConfig;
  /** Names of the reference's own weights, when they are known: the keys of the export are compared with them. */
  readonly weights?: ReferenceWeights | null;
  /** What the training run recorded, when it is known: compared with `config`. */
  readonly training?: TrainingConfig | null;
  readonly input: Pick<ConversionInput, 'strict' | 'dtype' | 'max_shard_size'>;
}

/**
 * @throws ConversionError ReferenceMismatch (every disagreement of config and checkpoint), BooksNotClosed (every tensor left over),
 * CheckpointDamaged (chunks with gaps or overlaps), CheckpointUnsupported (no word embedding, or quantized weights).
 */
export function makePlan(request: PlanRequest): Plan {
  const { checkpoint, checkpointStat, family, config, training, input } = request;
  const index = indexSources(checkpoint);
  const keys = exportKeys(index, { family, config, weights: request.weights ?? null });
  const { dimensions, optional } = keys;
  const recorded = training ? readTrainingValues(training) : null;
  const doubts = input.strict ? doubtReference({ checkpoint, family, config, training: training ?? null }) : [];
  const problems = input.strict ? keys.problems : [];
  refuseMismatch([...compareReference(index, dimensions, recorded, input.strict), ...doubts, ...problems]);
  const gathered = gatherTargets(index, family, dimensions, keys.expected);
  refuseDamage(checkpoint.path, gathered.damages);
  refuseQuantized(checkpoint.path, gathered);
  refuseMismatch(gathered.mismatches);
  const { strict } = input;
  const books = closeBooks({ checkpoint, prefix: index.prefix, family, optional, keys, gathered, strict });
  const tensors = sizeTensors(gathered, keys.expected.keys(), family, input.dtype);
  const shards = shardFiles(tensors, toBytes(input.max_shard_size));
  const files = shards.map((shard) => layOutFile(shard.file, shard.tensors));
  const parameters = tensors.reduce((sum, { shape }) => sum + volume(shape), 0);
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  return {
    format: 1,
    byteDigest: digestBytes(checkpoint.metadataDigest, checkpointStat, files),
    checkpoint: checkpoint.path,
    family: family.name,
    files,
    index: buildIndex(files, parameters, bytes),
    books,
    tensors: tensors.length,
    parameters,
    bytes,
  };
}

/** In the order of the expected keys, which is that of the model in transformers. */
function sizeTensors(
  gathered: Gathered,
  names: Iterable<string>,
  family: Family,
  requested: ConversionInput['dtype'],
): SizedTensor[] {
  const isProtected = matchNames(family.keepFloat32);
  const tensors: SizedTensor[] = [];
  for (const name of names) {
    const target = gathered.targets.get(name);
    if (!target) continue;
    const { shape, dtype: sourceDtype, arithmetic, copies } = target;
    const dtype = outputDtype(name, sourceDtype, requested, isProtected);
    tensors.push({ name, shape, dtype, sourceDtype, bytes: tensorBytes(shape, dtype), arithmetic, copies });
  }
  return tensors;
}

function refuseMismatch(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new ConversionError(
    'ReferenceMismatch',
    `The reference does not describe this checkpoint:${list(problems)}\n` +
      'Set hf_model_id to the base model that this checkpoint was trained from.',
    { problems },
  );
}

/** Numbers of few bits mean nothing without their scales, which this engine does not apply. */
function refuseQuantized(path: string, { mapped }: Gathered): void {
  const problems = mapped
    .filter(({ source }) => !isFloat(source.entry.dtype))
    .map(({ source: { entry } }) => `${entry.key} [${entry.shape.join(', ')}] has dtype ${entry.dtype}`);
  if (problems.length === 0) return;
  throw new ConversionError(
    'CheckpointUnsupported',
    `${path}: weights are stored quantized, and would be exported without their scales:${list(problems.slice(0, 20))}\n` +
      `${problems.length} tensor(s) in all. Convert a checkpoint whose weights are F64, F32, F16 or BF16.`,
    { problems },
  );
}

function refuseDamage(path: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new ConversionError(
    'CheckpointDamaged',
    `${path}: the chunks in .metadata do not cover their tensors exactly once:${list(problems)}\n` +
      'Save the checkpoint again, or convert another iteration.',
    { problems },
  );
}

function list(problems: readonly string[]): string {
  return problems.map((problem) => `\n  - ${problem}`).join('');
}
