// The real checkpoints of fixtures/, planned and executed naively: every tensor has the digest that Python computed for it.
import { createHash } from 'node:crypto';
import { existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readItemHeader } from '../../src/checkpoint/item-header.ts';
import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import { readTrainingConfig } from '../../src/checkpoint/training-config.ts';
import { DTYPE_BYTES } from '../../src/checkpoint/types.ts';
import { findFamily } from '../../src/models/registry.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { statFiles } from '../../src/plan/stat-files.ts';
import type { PlannedItem } from '../../src/plan/types.ts';
import { executeFile } from '../support/plan-execute.ts';

const ROOT = join(import.meta.dirname, '../../fixtures');
const NAMES = readdirSync(ROOT).filter((name) => existsSync(join(ROOT, name, 'expected.json')));

interface Expected {
  readonly tensors: Readonly<Record<string, { dtype: string; shape: number[]; sha256: string }>>;
}

/** Elements as hexadecimal text. */
function readItem(directory: string, item: PlannedItem): string[] {
  const file = openSync(join(directory, item.file), 'r');
  const header = readItemHeader(file, item);
  expect(header.shape).toEqual(item.shape);
  expect(header.dtype).toBe(item.dtype);
  const bytes = Buffer.alloc(header.payloadBytes);
  readSync(file, bytes, 0, bytes.length, header.payloadOffset);
  const width = DTYPE_BYTES[item.dtype];
  const hex = bytes.subarray(header.storageOffset * width).toString('hex');
  return hex.match(new RegExp(`.{${width * 2}}`, 'g')) ?? [];
}

describe.each(NAMES)('fixture %s', (name) => {
  it.each(['5GB', '100KB'])('gives the expected tensors with files of %s', async (max_shard_size) => {
    const root = join(ROOT, name, 'checkpoint');
    const iteration = readdirSync(root).find((entry) => entry.startsWith('iter_')) ?? '';
    const checkpoint = await readCheckpoint(join(root, iteration));
    const config = JSON.parse(readFileSync(join(ROOT, name, 'reference/config.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    const { tensors } = JSON.parse(readFileSync(join(ROOT, name, 'expected.json'), 'utf8')) as Expected;
    const family = findFamily(config);
    if (!family) throw new Error('no family');
    const plan = makePlan({
      checkpoint,
      checkpointStat: await statFiles(checkpoint),
      family,
      config,
      training: await readTrainingConfig(checkpoint),
      input: { strict: true, dtype: 'source', max_shard_size },
    });
    const found: Record<string, unknown> = {};
    for (const file of plan.files) {
      const elements = executeFile(file, (item) => readItem(checkpoint.path, item));
      for (const { name: tensor, dtype, shape } of file.tensors) {
        const hex = (elements.get(tensor) ?? []).join('');
        found[tensor] = { dtype, shape, sha256: createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex') };
      }
    }
    expect(found).toEqual(tensors);
    expect(plan.books).toMatchObject({ unmapped: [], missing: [], excused: [] });
  });
});
