import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { iterationOf, readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import { FIXTURE_NAMES, iterationName, fixturePath, ROOT, temporaryDirectory } from '../support/checkpoint-fixtures.ts';
import { pickleOf } from '../support/checkpoint-pickle.ts';
import { OP } from '../../src/checkpoint/pickle/opcodes.ts';

const TORCH_NAMES: Readonly<Record<string, string>> = {
  BF16: 'torch.bfloat16',
  F32: 'torch.float32',
  I64: 'torch.int64',
  U8: 'torch.uint8',
};

const SCRIPT = `
import json, sys
from torch.distributed.checkpoint import FileSystemReader
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
result = []
for path in sys.argv[1:]:
    meta = FileSystemReader(path).read_metadata()
    places = {(i.fqn, None if i.offset is None else tuple(i.offset)): s for i, s in meta.storage_data.items()}
    at = lambda key, offset: [places[key, offset].relative_path, places[key, offset].offset, places[key, offset].length]
    tensors, objects = {}, {}
    for key, entry in meta.state_dict_metadata.items():
        if isinstance(entry, TensorStorageMetadata):
            chunks = [[list(c.offsets), list(c.sizes), *at(key, tuple(c.offsets))] for c in entry.chunks]
            tensors[key] = [str(entry.properties.dtype), list(entry.size), chunks]
        else:
            objects[key] = at(key, None)
    result.append({"tensors": tensors, "objects": objects})
print(json.dumps(result))
`;

test('every fixture reads as torch reads it: keys, shapes, dtypes, chunks and places', async () => {
  const paths = FIXTURE_NAMES.map(fixturePath);
  const { stdout } = await execa(join(ROOT, '.venv/bin/python'), ['-c', SCRIPT, ...paths]);
  const expected: unknown = JSON.parse(stdout);
  const found = await Promise.all(
    paths.map(async (path) => {
      const checkpoint = await readCheckpoint(path);
      const tensors = [...checkpoint.tensors].map(([key, { dtype, shape, chunks }]) => {
        const places = chunks.map(({ offsets, sizes, file, offset, length }) => [offsets, sizes, file, offset, length]);
        return [key, [TORCH_NAMES[dtype], shape, places]];
      });
      const objects = [...checkpoint.objects].map(([key, { file, offset, length }]) => [key, [file, offset, length]]);
      return { tensors: Object.fromEntries(tensors), objects: Object.fromEntries(objects) };
    }),
  );
  expect(found).toEqual(expected);
});

test.each(FIXTURE_NAMES)('%s: iteration, digest and file sizes', async (name) => {
  const checkpoint = await readCheckpoint(fixturePath(name));
  expect(checkpoint.iteration).toBe(Number(iterationName(name).slice(5)));
  expect(checkpoint.metadataDigest).toMatch(/^[0-9a-f]{64}$/);
  expect([...checkpoint.files.keys()].every((file) => /^__\d+_\d+\.distcp$/.test(file))).toBe(true);
});

describe('what cannot be read', () => {
  test('a directory that does not exist', async () => {
    await expect(readCheckpoint('/nonexistent/iter_0000001')).rejects.toMatchObject({ type: 'CheckpointNotFound' });
  });

  test('a directory without .metadata', async () => {
    await expect(readCheckpoint(await temporaryDirectory())).rejects.toMatchObject({ type: 'CheckpointIncomplete' });
  });

  test('a .metadata that is something else', async () => {
    const path = await temporaryDirectory();
    await writeFile(join(path, '.metadata'), pickleOf(OP.EMPTY_DICT));
    await expect(readCheckpoint(path)).rejects.toMatchObject({ type: 'CheckpointDamaged' });
    await mkdir(join(path, 'x'));
    await writeFile(join(path, 'x', '.metadata'), '');
    await expect(readCheckpoint(join(path, 'x'))).rejects.toMatchObject({ type: 'CheckpointDamaged' });
  });
});

test.each([
  ['/a/iter_0000100', 100],
  ['/a/iter_12345678', 12_345_678],
  ['/a/iter_100', null],
  ['/a/release', null],
] as [string, number | null][])('iteration of %s', (path, iteration) => {
  expect(iterationOf(path)).toBe(iteration);
});
