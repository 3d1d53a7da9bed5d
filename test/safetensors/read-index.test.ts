import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { INDEX_FILE, readIndex } from '../../src/safetensors/read-index.ts';
import { temporaryDirectory } from '../support/rank-conversion.ts';

let directory: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

it('is null where there is none', async () => {
  expect(await readIndex(directory)).toBeNull();
});

it('reads what transformers writes', async () => {
  const index = { metadata: { total_size: 12 }, weight_map: { a: 'model-00001-of-00002.safetensors' } };
  await writeFile(join(directory, INDEX_FILE), JSON.stringify(index));
  expect(await readIndex(directory)).toEqual(index);
});

it.each(['{', '[]', '{"weight_map":{"a":"../b"}}', '{"weight_map":{"a":1}}'])('refuses %s', async (text) => {
  await writeFile(join(directory, INDEX_FILE), text);
  await expect(readIndex(directory)).rejects.toThrow();
});
