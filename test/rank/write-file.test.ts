import { closeSync, existsSync, openSync } from 'node:fs';
import { open, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readItemHeader } from '../../src/checkpoint/item-header.ts';
import type { ItemHeader } from '../../src/checkpoint/types.ts';
import { ConversionError } from '../../src/contract/index.ts';
import type { FilePlan, Plan, PlannedItem } from '../../src/plan/types.ts';
import { Buffers } from '../../src/rank/buffers.ts';
import { findFinished } from '../../src/rank/done-record.ts';
import { SourceFiles } from '../../src/rank/source-files.ts';
import { attemptDirectory, exportedFile } from '../../src/files/staging.ts';
import { writeFile } from '../../src/rank/write-file.ts';
import { seededRandom } from '../support/rank-random.ts';
import {
  copyIteration,
  digestTensors,
  expectedOf,
  FIXTURES,
  type Fixture,
  inputFor,
  stagePlan,
  temporaryDirectory,
} from '../support/rank-conversion.ts';

const buffers = new Buffers();
let directory: string;
let staging: string;
let checkpoint: string;
let plan: Plan;

beforeEach(async () => {
  directory = await temporaryDirectory();
  staging = join(directory, 'staging');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function prepare(fixture: Fixture): Promise<void> {
  checkpoint = await copyIteration(fixture, directory);
  const input = await inputFor(fixture, join(directory, 'target'), {
    megatron_path: checkpoint,
    max_shard_size: fixture === 'llama-trained' ? '300KB' : '20KB',
  });
  plan = await stagePlan(input, staging);
}

function write(file: FilePlan): ConversionError | null {
  const sources = new SourceFiles(checkpoint);
  try {
    writeFile(file, { staging, byteDigest: plan.byteDigest, rank: 0, attempt: 1 }, sources, buffers, () => undefined);
    return null;
  } catch (error) {
    if (error instanceof ConversionError) return error;
    throw error;
  } finally {
    sources.close();
  }
}

function headerOf(item: PlannedItem): ItemHeader {
  const descriptor = openSync(join(checkpoint, item.file), 'r');
  try {
    return readItemHeader(descriptor, item);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes `change(bytes)` over `count` bytes at `position`, and returns how to put the old ones back. */
async function overwrite(
  path: string,
  position: number,
  count: number,
  change: (bytes: Buffer) => Buffer,
): Promise<() => Promise<void>> {
  const file = await open(path, 'r+');
  const old = Buffer.alloc(count);
  await file.read(old, 0, count, position);
  await file.write(change(Buffer.from(old)), 0, count, position);
  return async () => {
    await file.write(old, 0, count, position);
    await file.close();
  };
}

describe.each(FIXTURES)('%s', (fixture) => {
  beforeEach(() => prepare(fixture));

  it('writes the expected tensors', async () => {
    for (const file of plan.files) expect(write(file)).toBeNull();
    expect(await digestTensors(join(staging, 'export'))).toEqual((await expectedOf(fixture)).tensors);
    expect(await readdir(attemptDirectory(staging, 1))).toEqual(['pending.json']);
  });

  it('notices one flipped bit in any item, wherever it is, and leaves nothing behind', async () => {
    const random = seededRandom(fixture.length);
    for (const file of plan.files) {
      for (const item of file.items) {
        const { payloadOffset, payloadBytes } = headerOf(item);
        for (const at of [0, Math.floor(random() * payloadBytes), payloadBytes - 1]) {
          const restore = await overwrite(join(checkpoint, item.file), payloadOffset + at, 1, (bytes) =>
            Buffer.from([(bytes[0] ?? 0) ^ (1 << Math.floor(random() * 8))]),
          );
          const error = write(file);
          await restore();
          expect(error).toMatchObject({ type: 'CorruptData', facts: { file: item.file, offset: item.offset } });
          expect(error?.message).toMatch(/CRC-32 0x[0-9a-f]{8}, expected 0x[0-9a-f]{8}/);
        }
      }
    }
    expect(await readdir(join(staging, 'export'))).toEqual([]);
    expect(await readdir(join(staging, 'done'))).toEqual([]);
    expect(await readdir(attemptDirectory(staging, 1))).toEqual(['pending.json']);
  });
});

describe('llama-trained', () => {
  beforeEach(() => prepare('llama-trained'));

  it('notices zeros', async () => {
    const [file] = plan.files;
    const [item] = file?.items ?? [];
    if (file === undefined || item === undefined) throw new Error('the plan is empty');
    const { payloadOffset } = headerOf(item);
    await (
      await overwrite(join(checkpoint, item.file), payloadOffset + 64, 64, () => Buffer.alloc(64))
    )();
    expect(write(file)).toBeNull();
    const restore = await overwrite(join(checkpoint, item.file), payloadOffset + 64, 64, () => Buffer.alloc(64));
    expect(write(file)).toMatchObject({ type: 'CorruptData' });
    await restore();
  });

  it('checks the vocabulary padding too, which it does not copy', async () => {
    const file = plan.files.find(({ tensors }) => tensors.some(({ name }) => name === 'model.embed_tokens.weight'));
    const tensor = file?.tensors.find(({ name }) => name === 'model.embed_tokens.weight');
    if (file === undefined || tensor === undefined) throw new Error('no embedding');
    const rows = tensor.copies
      .map(({ item }) => file.items[item]?.shape[0] ?? 0)
      .reduce((sum, count) => sum + count, 0);
    expect(rows).toBeGreaterThan(tensor.shape[0] ?? 0);
    const last = file.items[Math.max(...tensor.copies.map(({ item }) => item))];
    if (last === undefined) throw new Error('no item');
    const { payloadOffset, payloadBytes } = headerOf(last);
    const restore = await overwrite(join(checkpoint, last.file), payloadOffset + payloadBytes - 2, 1, (bytes) =>
      Buffer.from([(bytes[0] ?? 0) ^ 1]),
    );
    expect(write(file)).toMatchObject({ type: 'CorruptData', facts: { file: last.file } });
    await restore();
  });

  it('refuses an item that is not what .metadata says', () => {
    const [file] = plan.files;
    const [first, ...others] = file?.items ?? [];
    if (file === undefined || first === undefined) throw new Error('the plan is empty');
    const error = write({ ...file, items: [{ ...first, dtype: 'F16' }, ...others] });
    expect(error).toMatchObject({ type: 'CheckpointDamaged', facts: { file: first.file, offset: first.offset } });
    expect(error?.message).toContain('the item holds BF16');
  });

  it('says where a file ends too early', async () => {
    const file = plan.files.find(({ items }) => items.length > 0);
    const item = file?.items.at(-1);
    if (file === undefined || item === undefined) throw new Error('the plan is empty');
    await truncate(join(checkpoint, item.file), item.offset + Math.floor(item.length / 2));
    expect(write(file)?.type).toMatch(/^(CorruptData|CheckpointDamaged)$/);
    await rm(join(checkpoint, item.file));
    expect(write(file)).toMatchObject({ type: 'SourceChanged' });
  });

  it('records what it wrote', async () => {
    const [file] = plan.files;
    if (file === undefined) throw new Error('the plan is empty');
    expect(findFinished(staging, file.name, plan.byteDigest, file.bytes)).toBeNull();
    expect(write(file)).toBeNull();
    const record = findFinished(staging, file.name, plan.byteDigest, file.bytes);
    expect(Object.keys(record?.tensors ?? {})).toEqual(file.tensors.map(({ name }) => name));
    expect(record).toMatchObject({ name: file.name, bytes: file.bytes, unchecked: 0, attempt: 1 });
    expect((await readFile(exportedFile(staging, file.name))).length).toBe(file.bytes);
    expect(findFinished(staging, file.name, 'another digest', file.bytes)).toBeNull();
    await truncate(exportedFile(staging, file.name), 10);
    expect(findFinished(staging, file.name, plan.byteDigest, file.bytes)).toBeNull();
  });

  it('names a target that cannot be written', () => {
    const [file] = plan.files;
    if (file === undefined) throw new Error('the plan is empty');
    staging = join(directory, 'absent');
    expect(write(file)).toMatchObject({ type: 'RankFailed', facts: { code: 'ENOENT' } });
    expect(existsSync(staging)).toBe(false);
  });
});
