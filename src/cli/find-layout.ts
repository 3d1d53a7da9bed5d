// How a checkpoint is laid out: what its keys, its chunks and its file names show. Pure.
import type { Checkpoint, TensorEntry, TrainingConfig } from '../checkpoint/types.ts';
import { findDrop } from '../models/drops.ts';
import { findEmbedding, readKey, type KeyParts } from '../plan/index-sources.ts';
import { readTrainingValues } from '../plan/training-values.ts';

/** `axis`: a leading axis of one tensor. `keys`: a number in the name of many. */
type Place = 'axis' | 'keys' | 'axis and keys';

export interface Layout {
  readonly layers: Place | null;
  readonly experts: { readonly stored: Place; readonly count: number } | null;
  /** Whether the norm in front of a linear layer is kept with it (`layer_norm_weight`) or apart (`input_layernorm.weight`). */
  readonly norms: 'fused' | 'separate' | 'fused and separate' | null;
  /** Ranks that wrote shards, from the names `__<rank>_<part>.distcp`. */
  readonly writers: number;
  /** Over the tensors of the model; null without any. */
  readonly chunks_per_tensor: { readonly fewest: number; readonly most: number } | null;
  /** Into how many parts the rows of the embedding are cut: the tensor-parallel size of the run. */
  readonly embedding_parts: number | null;
  /** What the run recorded about itself; null where it recorded nothing. */
  readonly recorded: Readonly<Record<'tp' | 'pp' | 'ep' | 'etp' | 'cp', number | null>> | null;
}

interface Read extends KeyParts {
  readonly entry: TensorEntry;
}

export function findLayout(checkpoint: Checkpoint, training: TrainingConfig | null): Layout {
  const embedding = findEmbedding(checkpoint);
  const kept = [...checkpoint.tensors.values()].filter(({ key }) => findDrop(key) === null);
  const tensors = kept.map((entry): Read => ({ entry, ...readKey(entry.key, embedding?.prefix ?? '') }));
  const counts = kept.map(({ chunks }) => chunks.length);
  return {
    layers: placeOf(
      tensors.some(({ leads }) => leads.includes('layer')),
      tensors.some(({ indices, pattern }) => indices.length > 0 && pattern.startsWith('decoder.')),
    ),
    experts: findExperts(tensors),
    norms: findNorms(tensors.map(({ pattern }) => pattern)),
    writers: countWriters(checkpoint),
    chunks_per_tensor: counts.length === 0 ? null : { fewest: least(counts), most: most(counts) },
    embedding_parts: embedding === null ? null : new Set(embedding.entry.chunks.map(({ offsets }) => offsets[0])).size,
    recorded: training === null ? null : readSizes(training),
  };
}

function placeOf(axis: boolean, keys: boolean): Place | null {
  if (axis && keys) return 'axis and keys';
  return axis ? 'axis' : keys ? 'keys' : null;
}

function findExperts(tensors: readonly Read[]): Layout['experts'] {
  const onAxis = tensors.filter(({ leads }) => leads.includes('expert'));
  const inKeys = tensors.flatMap(({ expert }) => (expert === null ? [] : [expert + 1]));
  const stored = placeOf(onAxis.length > 0, inKeys.length > 0);
  const sizes = onAxis.map(({ entry, leads }) => entry.shape[leads.indexOf('expert')] ?? 0);
  return stored === null ? null : { stored, count: most([...sizes, ...inKeys]) };
}

/** The norms in front of attention, feed-forward and mixer. The others (final, query and key, latent, gated) have one place only. */
function findNorms(patterns: readonly string[]): Layout['norms'] {
  const fused = patterns.some((pattern) => /\.(?:linear_qkv|linear_fc1|in_proj)\.layer_norm_weight$/.test(pattern));
  const separate = patterns.some((pattern) =>
    /^decoder\.layers\.\*\.(?:input_layernorm|pre_mlp_layernorm|norm)\.weight$/.test(pattern),
  );
  if (fused && separate) return 'fused and separate';
  return fused ? 'fused' : separate ? 'separate' : null;
}

function countWriters({ files }: Checkpoint): number {
  return new Set([...files.keys()].map((file) => /^__(\d+)_\d+\.distcp$/.exec(file)?.[1] ?? file)).size;
}

function readSizes(training: TrainingConfig): Layout['recorded'] {
  const { tp, pp, ep, etp, cp } = readTrainingValues(training);
  return [tp, pp, ep, etp, cp].every((size) => size === null) ? null : { tp, pp, ep, etp, cp };
}

/** The lists are as long as a checkpoint has tensors: too long to be arguments. */
function most(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => Math.max(a, b), 0);
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => Math.min(a, b), Infinity);
}
