// Which family a checkpoint without a reference belongs to, and the config that this family makes of the record. Pure.
import type { Checkpoint } from '../checkpoint/types.ts';
import { findDrop } from '../models/drops.ts';
import { readRecord, type ModelRecord, type ReadRecord } from '../models/read-record.ts';
import type { Family, ModelConfig } from '../models/types.ts';
import { compareMeaning } from '../plan/compare-meaning.ts';
import { findEmbedding, readKey } from '../plan/index-sources.ts';

export interface Candidate extends ReadRecord<ModelConfig> {
  readonly family: Family;
}

export interface Choice {
  /** The one family that fits, or the one that the run named among several. */
  readonly chosen: Candidate | null;
  /** Families whose table knows every tensor, and that make a config of the record without a complaint. */
  readonly fitting: readonly Candidate[];
  /** Of each other family whose table knows every tensor: why not, a sentence each. */
  readonly refused: readonly string[];
}

export function chooseFamily(families: readonly Family[], checkpoint: Checkpoint, record: ModelRecord): Choice {
  const fitting: Candidate[] = [];
  const refused: string[] = [];
  const patterns = listPatterns(checkpoint);
  for (const family of families.filter((candidate) => knowsTensors(candidate, patterns))) {
    const { synthesize } = family;
    if (!synthesize) {
      refused.push(`${family.name}: no config.json can be made for this family yet`);
      continue;
    }
    const read = readRecord(record, (reader) => synthesize(reader));
    const problems = [...compareMeaning(family, record.training), ...read.problems];
    if (problems.length === 0) fitting.push({ family, ...read });
    else refused.push(`${family.name}: ${problems.join('; ')}`);
  }
  return { chosen: fitting.length > 1 ? findNamed(fitting, record) : (fitting[0] ?? null), fitting, refused };
}

/** Keys without layer and expert numbers, of all tensors that no general rule drops. */
function listPatterns(checkpoint: Checkpoint): ReadonlySet<string> {
  const prefix = findEmbedding(checkpoint)?.prefix ?? '';
  const kept = [...checkpoint.tensors.keys()].filter((key) => findDrop(key) === null);
  return new Set(kept.map((key) => readKey(key, prefix).pattern));
}

/** Whether the left side of the table has every tensor. */
function knowsTensors(family: Family, patterns: ReadonlySet<string>): boolean {
  const known = new Set(family.rules.flatMap(({ from }) => from.flat()));
  return patterns.size > 0 && [...patterns].every((pattern) => known.has(pattern));
}

function findNamed(fitting: readonly Candidate[], record: ModelRecord): Candidate | null {
  const { result: named } = readRecord(record, ({ isNamed }) => fitting.filter(({ family }) => isNamed(family.name)));
  return named.length === 1 ? (named[0] ?? null) : null;
}
