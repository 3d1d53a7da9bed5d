// What `inspect` tells: a checkpoint's tensors, what becomes of each, and the books. Pure.
import {
  DTYPE_BYTES,
  type Checkpoint,
  type DType,
  type TensorEntry,
  type TrainingConfig,
} from '../checkpoint/types.ts';
import { findDrop } from '../models/drops.ts';
import type { Books, Plan } from '../plan/types.ts';

export interface InspectedTensor {
  readonly key: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: number;
  readonly chunks: number;
  /** Hugging Face tensors that it goes into; empty without a reference. */
  readonly to: readonly string[];
  /** The general rule that leaves it out, or null. */
  readonly dropped: string | null;
}

export interface Inspection {
  readonly path: string;
  readonly iteration: number | null;
  readonly metadata_digest: string;
  /** Null without a reference. */
  readonly family: string | null;
  readonly layers: number | null;
  readonly files: number;
  readonly parameters: number;
  readonly dtypes: Readonly<Record<string, { readonly tensors: number; readonly bytes: number }>>;
  readonly training_config: string | null;
  readonly objects: readonly string[];
  readonly tensors: readonly InspectedTensor[];
  readonly books: Books | null;
}

export function inspectCheckpoint(
  checkpoint: Checkpoint,
  training: TrainingConfig | null,
  plan: Plan | null,
): Inspection {
  const targets = plan === null ? new Map<string, Set<string>>() : findTargets(checkpoint, plan);
  const tensors = [...checkpoint.tensors.values()].map((entry) => inspectTensor(entry, targets));
  const kept = tensors.filter((tensor) => tensor.dropped === null);
  return {
    path: checkpoint.path,
    iteration: checkpoint.iteration,
    metadata_digest: checkpoint.metadataDigest,
    family: plan?.family ?? null,
    layers: countLayers(kept),
    files: checkpoint.files.size,
    parameters: kept.reduce((sum, { shape }) => sum + elementsOf(shape), 0),
    dtypes: countTypes(tensors),
    training_config: training?.source ?? null,
    objects: [...checkpoint.objects.keys()],
    tensors,
    books: plan?.books ?? null,
  };
}

function inspectTensor(entry: TensorEntry, targets: ReadonlyMap<string, ReadonlySet<string>>): InspectedTensor {
  const to = [...(targets.get(entry.key) ?? [])];
  return {
    key: entry.key,
    dtype: entry.dtype,
    shape: entry.shape,
    bytes: elementsOf(entry.shape) * DTYPE_BYTES[entry.dtype],
    chunks: entry.chunks.length,
    to,
    dropped: to.length > 0 ? null : (findDrop(entry.key)?.name ?? null),
  };
}

/** Source key -> names of the target tensors that some copy of the plan fills from it. */
function findTargets(checkpoint: Checkpoint, plan: Plan): Map<string, Set<string>> {
  const keyAt = new Map<string, string>();
  for (const { key, chunks } of checkpoint.tensors.values()) {
    for (const { file, offset } of chunks) keyAt.set(`${file}@${offset}`, key);
  }
  const targets = new Map<string, Set<string>>();
  for (const { items, tensors } of plan.files) {
    const keys = items.map(({ file, offset }) => keyAt.get(`${file}@${offset}`));
    for (const { name, copies } of tensors) {
      for (const { item } of copies) {
        const key = keys[item];
        if (key === undefined) continue;
        const names = targets.get(key) ?? new Set<string>();
        targets.set(key, names.add(name));
      }
    }
  }
  return targets;
}

/** From the index in the keys, or the first axis of a homogeneous stack (`decoder.layers.self_attention...` without an index). */
function countLayers(tensors: readonly InspectedTensor[]): number | null {
  let layers = 0;
  for (const { key, shape } of tensors) {
    const match = /(?:^|\.)decoder\.layers\.(?:(\d+)\.)?/.exec(key);
    if (match === null) continue;
    layers = Math.max(layers, match[1] === undefined ? (shape[0] ?? 0) : Number(match[1]) + 1);
  }
  return layers === 0 ? null : layers;
}

function countTypes(tensors: readonly InspectedTensor[]): Inspection['dtypes'] {
  const counts: Record<string, { tensors: number; bytes: number }> = {};
  for (const { dtype, bytes } of tensors) {
    const count = counts[dtype] ?? { tensors: 0, bytes: 0 };
    counts[dtype] = { tensors: count.tensors + 1, bytes: count.bytes + bytes };
  }
  return counts;
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
