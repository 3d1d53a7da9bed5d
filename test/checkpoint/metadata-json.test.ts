import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readMetadataJson } from '../../src/checkpoint/metadata-json.ts';
import { fixturePath, temporaryDirectory } from '../support/checkpoint-fixtures.ts';

test.each(['core-0.16', 'core-0.19'] as const)('%s', async (name) => {
  expect(await readMetadataJson(fixturePath(name))).toEqual({ state: 'read', backend: 'torch_dist', version: 1 });
});

test('absent', async () => {
  expect(await readMetadataJson(await temporaryDirectory())).toEqual({ state: 'absent' });
});

test.each(['', '{"sharded_back', '[]', '{"sharded_backend": 3}', 'null'])('malformed: %s', async (content) => {
  const path = await temporaryDirectory();
  await writeFile(join(path, 'metadata.json'), content);
  expect(await readMetadataJson(path)).toMatchObject({ state: 'malformed' });
});
