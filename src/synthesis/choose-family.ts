// Which family a checkpoint without a reference belongs to, and the config that this family makes of the record. Pure.
import type { Checkpoint } from '../checkpoint/types.ts';
import { readRecord, type ModelRecord, type ReadRecord } from '../models/read-record.ts';
import type { Family, ModelConfig } from '../models/types.ts';
import { compareMeaning } from '../plan/compare-meaning.ts';
import { findKnowing } from '../plan/known-tensors.ts';

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
  for (const family of findKnowing(families, checkpoint)) {
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

function findNamed(fitting: readonly Candidate[], record: ModelRecord): Candidate | null {
  const { result: named } = readRecord(record, ({ isNamed }) => fitting.filter(({ family }) => isNamed(family.name)));
  return named.length === 1 ? (named[0] ?? null) : null;
}
