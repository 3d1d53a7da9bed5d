// A publish that did not come to its end has moved the finished files: the next conversion takes them back and writes nothing twice.
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MANIFEST_FILE } from '../../src/contract/names.ts';
import { convert } from '../../src/engines/convert.ts';
import { stagingPaths } from '../../src/files/staging.ts';
import {
  digestTensors,
  expectedOf,
  inputFor,
  preflightFor,
  surroundingsFor,
  temporaryDirectory,
} from '../support/rank-conversion.ts';

let directory: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it('after a publish that was cut short, every file is reused', async () => {
  const request = { max_shard_size: '1MB', distributed: false };
  const input = await inputFor('llama-trained', join(directory, 'target'), request);
  const preflight = await preflightFor(input, 1);
  const first = await convert(input, preflight, surroundingsFor());
  const paths = stagingPaths(first.staging);
  // As far as gathering came: some files moved, the manifest written.
  await mkdir(paths.publish);
  const weights = readdirSync(paths.export).find((name) => name.endsWith('.safetensors')) ?? '';
  for (const name of [weights, 'config.json']) {
    await rename(join(paths.export, name), join(paths.publish, name));
  }
  await writeFile(join(paths.publish, MANIFEST_FILE), '{}');
  const second = await convert(input, preflight, surroundingsFor());
  expect(second).toMatchObject({ bytes_written: 0, files_reused: first.files, files: first.files });
  expect(existsSync(paths.publish)).toBe(false);
  expect(await digestTensors(paths.export)).toEqual((await expectedOf('llama-trained')).tensors);
});
