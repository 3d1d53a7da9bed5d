// Which family tables have a row for every tensor of a checkpoint: where nothing names the family, it is one of these. Pure.
import type { Checkpoint } from '../checkpoint/types.ts';
import { findDrop } from '../models/drops.ts';
import type { Family } from '../models/types.ts';
import { findEmbedding, readKey } from './index-sources.ts';

/** In the order of `families`; none for a checkpoint without tensors of a model. */
export function findKnowing(families: readonly Family[], checkpoint: Checkpoint): Family[] {
  const patterns = listPatterns(checkpoint);
  return patterns.size === 0 ? [] : families.filter((family) => knows(family, patterns));
}

/** Keys without layer and expert numbers, of all tensors that no general rule drops. */
function listPatterns(checkpoint: Checkpoint): ReadonlySet<string> {
  const prefix = findEmbedding(checkpoint)?.prefix ?? '';
  const kept = [...checkpoint.tensors.keys()].filter((key) => findDrop(key) === null);
  return new Set(kept.map((key) => readKey(key, prefix).pattern));
}

/** Whether the left side of the table has every tensor. */
function knows({ rules }: Family, patterns: ReadonlySet<string>): boolean {
  const known = new Set(rules.flatMap(({ from }) => from.flat()));
  return [...patterns].every((pattern) => known.has(pattern));
}
