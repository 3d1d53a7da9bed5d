import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listFiles } from '../../src/compare/list-files.ts';
import { openExport } from '../../src/compare/open-export.ts';
import type { Side } from '../../src/compare/types.ts';
import { makeFolder } from '../config/config-folder.ts';
import { float32, writeSafetensors } from '../support/safetensors-file.ts';

async function open(path: string): Promise<Side> {
  const files = await listFiles(path);
  if (files.kind !== 'export') throw new Error('not an export');
  return openExport(files);
}

async function makeExport(weightMap: Readonly<Record<string, string>> | null): Promise<string> {
  const folder = await makeFolder();
  await writeSafetensors(join(folder, 'model-00001-of-00002.safetensors'), { a: float32(1), b: float32(2, 3) });
  await writeSafetensors(join(folder, 'model-00002-of-00002.safetensors'), { c: float32(4) });
  if (weightMap !== null)
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }));
  return folder;
}

const ONE = 'model-00001-of-00002.safetensors';
const TWO = 'model-00002-of-00002.safetensors';

test('a directory with an index, without one, and a single file', async () => {
  const indexed = await makeExport({ a: ONE, b: ONE, c: TWO });
  expect([...(await open(indexed)).tensors.keys()]).toEqual(['a', 'b', 'c']);
  const plain = await makeExport(null);
  expect([...(await open(plain)).tensors.keys()]).toEqual(['a', 'b', 'c']);
  const one = await open(join(plain, TWO));
  expect([...one.tensors]).toEqual([['c', { dtype: 'F32', shape: [1] }]]);
});

test('elements are read from any place', async () => {
  const side = await open(await makeExport(null));
  const block = Buffer.from(new ArrayBuffer(8));
  side.read('b', 1, 1, block);
  expect(block.readFloatLE(0)).toBe(3);
  side.close();
});

test('a tensor that the index does not name takes no part, and is told', async () => {
  const side = await open(await makeExport({ a: ONE, c: TWO }));
  expect([...side.tensors.keys()]).toEqual(['a', 'c']);
  expect(side.notes).toEqual([expect.stringContaining(`b (${ONE})`)]);
});

test('the index names what is not there', async () => {
  const folder = await makeExport({ a: ONE, b: ONE, c: TWO, d: TWO });
  await expect(open(folder)).rejects.toMatchObject({
    type: 'InvalidInput',
    problems: [`the index says that d is in ${TWO}, which does not hold it`],
  });
});

test('every damaged or missing file is told at once', async () => {
  const folder = await makeExport({ a: ONE, b: ONE, c: TWO, d: 'gone.safetensors' });
  await truncate(join(folder, ONE), 60);
  await expect(open(folder)).rejects.toMatchObject({
    problems: [
      expect.stringContaining('gone.safetensors cannot be read: ENOENT'),
      expect.stringMatching(/00001-of-00002\.safetensors: InvalidHeaderLength/),
    ],
  });
});

test('one name in two files', async () => {
  const folder = await makeExport(null);
  await writeSafetensors(join(folder, 'model-extra.safetensors'), { a: float32(1) });
  await expect(open(folder)).rejects.toThrow(`a is in ${ONE} and in model-extra.safetensors`);
});

test('a file that becomes shorter while it is read', async () => {
  const folder = await makeExport(null);
  const side = await open(folder);
  await truncate(join(folder, TWO), 8);
  expect(() => {
    side.read('c', 0, 1, Buffer.from(new ArrayBuffer(4)));
  }).toThrow(expect.objectContaining({ type: 'SourceChanged' }));
  side.close();
});

test.each([
  ['iter_0000100', 'Name one iteration, for example'],
  ['adapter_model.safetensors', 'Name a file to compare, for example'],
  ['pytorch_model.bin', 'is a pickle, which is not read'],
  ['readme.md', 'It begins with: readme.md'],
])('a directory with %s and nothing else', async (name, advice) => {
  const folder = await makeFolder();
  await mkdir(join(folder, name));
  await expect(listFiles(folder)).rejects.toThrow(advice);
});

test('what is no export at all', async () => {
  const folder = await makeFolder({ 'notes.txt': 'x', 'model.safetensors.index.json': '{"weight_map": 3}' });
  await expect(listFiles(join(folder, 'absent'))).rejects.toThrow('cannot be examined: ENOENT');
  await expect(listFiles(join(folder, 'notes.txt'))).rejects.toThrow('is not a .safetensors file');
  await expect(listFiles(join(folder, 'model.safetensors.index.json'))).rejects.toThrow(
    `Name its directory: ${folder}`,
  );
  await expect(listFiles(folder)).rejects.toThrow('cannot be read (ZodError)');
});
