// A checkpoint's tensors, read in odd pieces, have the digests that the fixtures' own training code recorded.
import { createHash } from 'node:crypto';
import { open as openFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readItemHeader } from '../../src/checkpoint/item-header.ts';
import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import { DTYPE_BYTES } from '../../src/checkpoint/types.ts';
import { openCheckpoint } from '../../src/compare/open-checkpoint.ts';
import type { Side } from '../../src/compare/types.ts';
import { makeFolder } from '../config/config-folder.ts';
import { copyIteration, expectedOf, FIXTURES, iterationOf, type Fixture } from '../support/rank-conversion.ts';

async function openFixture(fixture: Fixture, path?: string): Promise<Side> {
  const id = join(import.meta.dirname, '../../fixtures', fixture, 'reference');
  const config = JSON.parse(await readFile(join(id, 'config.json'), 'utf8')) as Record<string, unknown>;
  return openCheckpoint(
    path ?? (await iterationOf(fixture)),
    { id, config, weights: null },
    new AbortController().signal,
  );
}

function digest(side: Side, name: string, pieces: number): string {
  const { dtype, shape } = side.tensors.get(name) ?? { dtype: 'U8', shape: [] };
  const elements = shape.reduce((product, size) => product * size, 1);
  const block = Buffer.from(new ArrayBuffer(pieces * DTYPE_BYTES[dtype]));
  const hash = createHash('sha256');
  for (let begin = 0; begin < elements; begin += pieces) {
    const count = Math.min(pieces, elements - begin);
    side.read(name, begin, count, block);
    hash.update(block.subarray(0, count * DTYPE_BYTES[dtype]));
  }
  side.finish(name);
  return hash.digest('hex');
}

test.each(FIXTURES)('%s, in pieces that fit no row', async (fixture) => {
  const side = await openFixture(fixture);
  const { tensors } = await expectedOf(fixture);
  const found = [...side.tensors].map(([name, { dtype, shape }]) => [
    name,
    { dtype, shape, sha256: digest(side, name, 997) },
  ]);
  side.close();
  expect(Object.fromEntries(found)).toEqual(tensors);
});

test('a byte of a shard that is wrong, wherever it is, is told when the item has been read', async () => {
  const path = await copyIteration('mistral-per-layer', await makeFolder());
  const chunk = (await readCheckpoint(path)).tensors.get('output_layer.weight')?.chunks[0];
  if (chunk === undefined) throw new Error('no output layer');
  const shard = await openFile(join(path, chunk.file), 'r+');
  const { payloadOffset } = readItemHeader(shard.fd, chunk);
  const byte = Buffer.alloc(1);
  await shard.read(byte, 0, 1, payloadOffset + 5);
  await shard.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, payloadOffset + 5);
  await shard.close();
  const side = await openFixture('mistral-per-layer', path);
  const read = (): unknown => [...side.tensors.keys()].map((name) => digest(side, name, 4096));
  expect(read).toThrow(expect.objectContaining({ type: 'CorruptData' }));
  side.close();
});

test('an architecture without a table', async () => {
  const config = { architectures: ['NoSuchForCausalLM'], model_type: 'none' };
  const opening = openCheckpoint(
    await iterationOf('core-0.16'),
    { id: 'x', config, weights: null },
    new AbortController().signal,
  );
  await expect(opening).rejects.toMatchObject({ type: 'ModelUnsupported' });
});
