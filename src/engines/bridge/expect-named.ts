// What a converter must write for a model that no table of ours knows: the tensors that the reference's own weights have.
import { DTYPE_BYTES, type Checkpoint, type DType } from '../../checkpoint/types.ts';
import { ConversionError } from '../../contract/failures.ts';
import { findDrop } from '../../models/drops.ts';
import { architecturesOf } from '../../models/registry.ts';
import type { ModelConfig } from '../../models/types.ts';
import { findEmbedding } from '../../plan/index-sources.ts';
import { tensorBytes } from '../../plan/lay-out-file.ts';
import { shardFiles } from '../../plan/shard-files.ts';
import { volume } from '../../plan/strides.ts';
import type { BookLine, Books } from '../../plan/types.ts';
import type { Reference, ReferenceWeights } from '../../reference/types.ts';
import type { Expectation, ExpectedTensor } from './types.ts';

const EXAMPLES = 20;
/** A buffer that old versions of transformers saved; no model needs it. */
const NOISE = /(?:^|\.)rotary_emb\.inv_freq$/;
const OUTPUT_LAYER = /(?:^|\.)output_layer\.weight$/;

/**
 * @param dtype that the converter is asked for
 * @throws ConversionError ReferenceUnavailable where the reference's weights have no known names: then nothing could be checked.
 */
export function expectNamed(
  checkpoint: Checkpoint,
  reference: Reference,
  maxShardBytes: number,
  dtype: DType,
): Expectation {
  const { weights, config, id } = reference;
  if (weights === null) throw nameless(id, config);
  const names = [...weights.tensors.keys()].filter((name) => !NOISE.test(name));
  const tensors = new Map(names.map((name) => [name, expected(weights, name)]));
  const vocabulary = readVocabulary(checkpoint, config);
  const hasMtp = names.some((name) => /(?:^|\.)(?:mtp|nextn)/.test(name));
  const books = sortSources(checkpoint, names.length, vocabulary, hasMtp);
  const shapes = [...tensors.values()].map(({ shape }) => shape);
  const known = shapes.every((shape) => shape !== null) ? shapes.reduce((sum, shape) => sum + volume(shape), 0) : null;
  const parameters = known ?? sourceElements(checkpoint, hasMtp, vocabulary);
  return {
    family: `(${architecturesOf(config)[0] ?? 'unknown'})`,
    tensors,
    weightMap: mapFiles(weights, tensors, maxShardBytes, dtype),
    books,
    parameters,
    bytes: parameters * DTYPE_BYTES[dtype],
    vocabulary,
    isComplete: false,
  };
}

/** A dtype of the reference says nothing about that of the export. */
function expected({ tensors }: ReferenceWeights, name: string): ExpectedTensor {
  return { shape: tensors.get(name)?.shape ?? null, dtype: null };
}

/** As the reference splits its tensors; by size where it does not say, and shapes are known. */
function mapFiles(
  { files }: ReferenceWeights,
  tensors: Expectation['tensors'],
  maxShardBytes: number,
  dtype: DType,
): Record<string, string> {
  if (files)
    return Object.fromEntries([...tensors.keys()].map((name) => [name, files.get(name) ?? 'model.safetensors']));
  const sized = [...tensors].map(([name, { shape }]) => ({
    name,
    bytes: shape === null ? 0 : tensorBytes(shape, dtype),
  }));
  const shards = shardFiles(sized, maxShardBytes);
  return Object.fromEntries(shards.flatMap((shard) => shard.tensors.map(({ name }) => [name, shard.file])));
}

function readVocabulary(checkpoint: Checkpoint, config: ModelConfig): Expectation['vocabulary'] {
  const padded = findEmbedding(checkpoint)?.entry.shape[0];
  const text = config['text_config'];
  const own = typeof text === 'object' && text !== null ? (text as ModelConfig)['vocab_size'] : undefined;
  const wanted = config['vocab_size'] ?? own;
  return padded !== undefined && typeof wanted === 'number' ? { padded, wanted } : null;
}

interface Line {
  tensors: number;
  bytes: number;
  examples: string[];
}

function add(line: Line, key: string, bytes: number): void {
  line.tensors += 1;
  line.bytes += bytes;
  if (line.examples.length < EXAMPLES) line.examples.push(key);
}

/** Every source tensor is dropped by a general rule, or counts as taken: which target it went into, only the converter knows. */
function sortSources(
  checkpoint: Checkpoint,
  produced: number,
  vocabulary: Expectation['vocabulary'],
  hasMtp: boolean,
): Books {
  const mapped: Line & { rule: string } = { rule: 'left to Megatron-Bridge', tensors: 0, bytes: 0, examples: [] };
  const dropped = new Map<string, Line>();
  const padding = { rows: 0, bytes: 0 };
  const drop = (rule: string, key: string, bytes: number): void => {
    const line = dropped.get(rule) ?? { tensors: 0, bytes: 0, examples: [] };
    dropped.set(rule, line);
    add(line, key, bytes);
  };
  const embedding = findEmbedding(checkpoint)?.entry.key;
  for (const { key, shape, dtype } of checkpoint.tensors.values()) {
    const bytes = volume(shape) * DTYPE_BYTES[dtype];
    const rule = dropRule(key, hasMtp);
    if (rule !== null) drop(rule, key, bytes);
    else add(mapped, key, bytes);
    if (rule !== null) continue;
    const surplus = paddingRows(key, shape, embedding, vocabulary);
    padding.rows += surplus;
    padding.bytes += surplus === 0 ? 0 : (bytes / (shape[0] ?? 1)) * surplus;
  }
  for (const { key, length } of checkpoint.objects.values())
    drop(findDrop(key)?.name ?? 'other byte entry', key, length);
  return {
    mapped,
    dropped: [...dropped].map(([rule, line]): BookLine => ({ rule, ...line })),
    vocabularyPadding: padding,
    produced,
    excused: [],
    unmapped: [],
    missing: [],
  };
}

function dropRule(key: string, hasMtp: boolean): string | null {
  const rule = findDrop(key)?.name ?? null;
  return rule === 'mtp' && hasMtp ? null : rule;
}

/** Elements of the tensors that are not dropped, without padding. */
function sourceElements(checkpoint: Checkpoint, hasMtp: boolean, vocabulary: Expectation['vocabulary']): number {
  const embedding = findEmbedding(checkpoint)?.entry.key;
  return [...checkpoint.tensors.values()]
    .filter(({ key }) => dropRule(key, hasMtp) === null)
    .reduce((sum, { key, shape }) => {
      const surplus = paddingRows(key, shape, embedding, vocabulary);
      return sum + volume(shape) - surplus * volume(shape.slice(1));
    }, 0);
}

/** Rows of an embedding or output layer that are padding. */
function paddingRows(
  key: string,
  [rows = 0]: readonly number[],
  embedding: string | undefined,
  vocabulary: Expectation['vocabulary'],
): number {
  if (vocabulary === null || rows !== vocabulary.padded || (key !== embedding && !OUTPUT_LAYER.test(key))) return 0;
  return Math.max(0, rows - vocabulary.wanted);
}

function nameless(id: string, config: ModelConfig): ConversionError {
  const message =
    `No table knows ${architecturesOf(config).join(', ') || 'the architecture of this config'}, and ${id} has neither model.safetensors.index.json nor ` +
    'readable safetensors files: nobody could tell whether the export is whole. Set hf_model_id to the base model with its weights or their index.';
  return new ConversionError('ReferenceUnavailable', message, { problems: [message], facts: { id } });
}
