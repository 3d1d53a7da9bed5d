// The names of the weights of a local reference: from its index and from headers.
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Reference } from '../../src/reference/types.ts';
import { surroundings } from '../support/publish-staging.ts';
import {
  COMMIT,
  INDEX,
  listWeights,
  makeIndex,
  makeSafetensors,
  resolveIn,
  writeReference,
  type Files,
} from '../support/reference-weights.ts';

let folder: string;
let local: string;
let environment: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weights-test-'));
  local = join(folder, 'local');
  environment = { HOME: folder, HF_HOME: join(folder, 'hf'), HF_ENDPOINT: 'http://127.0.0.1:9' };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function readLocal(files: Files): Promise<Reference> {
  await writeReference(local, files);
  return resolveIn(environment, local);
}

describe('a local directory', () => {
  it('gives the names of its index, with dtypes and shapes of the files that are here', async () => {
    const reference = await readLocal({
      [INDEX]: makeIndex({ b: 'model-00001-of-00002.safetensors', a: 'model-00002-of-00002.safetensors' }),
      'model-00001-of-00002.safetensors': makeSafetensors({ b: 'BF16', 'not in the index': 'F32' }),
    });
    expect(listWeights(reference)).toEqual({ b: { dtype: 'BF16', shape: [2, 3] }, a: null });
    expect(reference.weights?.source).toBe(INDEX);
    expect(reference.warnings).toEqual([]);
  });

  it('gives what one file or several say, without an index', async () => {
    const first = await readLocal({ 'model-00001-of-00002.safetensors': makeSafetensors({ a: 'BF16' }) });
    expect(listWeights(first)).toEqual({ a: { dtype: 'BF16', shape: [2, 3] } });
    const both = await readLocal({ 'model-00002-of-00002.safetensors': makeSafetensors({ b: 'F32' }, 5) });
    expect(listWeights(both)).toEqual({ a: { dtype: 'BF16', shape: [2, 3] }, b: { dtype: 'F32', shape: [5] } });
    const single = await readLocal({ 'model.safetensors': makeSafetensors({ c: 'F32' }) });
    expect(listWeights(single)).toEqual({ c: { dtype: 'F32', shape: [2] } });
    expect(single.weights?.source).toBe('the header of model.safetensors');
  });

  it('gives none for weights of another format, of adapters, or for no weights at all', async () => {
    expect((await readLocal({})).weights).toBeNull();
    const others = { 'pytorch_model.bin': 'x', 'pytorch_model.bin.index.json': makeIndex({ a: 'pytorch_model.bin' }) };
    const adapter = { 'adapter_model.safetensors': 'x', 'consolidated.safetensors': 'x' };
    expect(await readLocal({ ...others, ...adapter })).toMatchObject({ weights: null, warnings: [] });
  });

  it('keeps names that are members of every object, and names that are numbers', async () => {
    const reference = await readLocal({ [INDEX]: makeIndex({ constructor: 'a.safetensors', 7: 'a.safetensors' }) });
    expect([...(reference.weights?.tensors.keys() ?? [])].sort()).toEqual(['7', 'constructor']);
  });

  it('does not change its digest with its weights', async () => {
    const { digest } = await readLocal({});
    expect((await readLocal({ 'model.safetensors': makeSafetensors({ c: 'F32' }) })).digest).toBe(digest);
  });

  it.each<[string, Files, RegExp]>([
    ['an index that does not parse', { [INDEX]: '{' }, /index\.json does not parse/],
    ['an index without a map', { [INDEX]: '{}' }, /index\.json is no index: weight_map: .*expected record/],
    [
      'an index that leads elsewhere',
      { [INDEX]: makeIndex({ a: '../a' }) },
      /weight_map\.a: must be a plain file name/,
    ],
    ['a file that is none', { 'model.safetensors': 'nothing' }, /model\.safetensors is no valid safetensors file/],
    [
      'a file among others that is none',
      {
        'model-00001-of-00003.safetensors': makeSafetensors({ a: 'F32' }),
        'model-00002-of-00003.safetensors': 'short',
        'model-00003-of-00003.safetensors': makeSafetensors({ b: 'F32' }).subarray(0, 60),
      },
      /model-00002-of-00003\.safetensors is no valid .*\(and 1 more files\)$/,
    ],
  ])('with %s is used without its weights, and says so', async (_, files, pattern) => {
    const reference = await readLocal(files);
    expect(reference.weights).toBeNull();
    expect(reference.warnings).toEqual([expect.stringMatching(pattern)]);
  });

  it('with an index of more than 50 MB is used without its weights', async () => {
    await writeReference(local, { [INDEX]: makeIndex({}) });
    await truncate(join(local, INDEX), 60_000_000);
    expect(await resolveIn(environment, local)).toMatchObject({
      weights: null,
      warnings: [expect.stringMatching(/index\.json has 60\.0 MB, more than 50\.0 MB/)],
    });
  });

  it('keeps the names of an index whose file is damaged', async () => {
    const reference = await readLocal({ [INDEX]: makeIndex({ a: 'model.safetensors' }), 'model.safetensors': 'short' });
    expect(listWeights(reference)).toEqual({ a: null });
    expect(reference.warnings).toEqual([expect.stringContaining('no valid safetensors file')]);
  });

  it('does not follow links out of the allowed roots', async () => {
    await writeReference(join(folder, 'outside'), {
      'model.safetensors': makeSafetensors({ a: 'F32' }),
      [INDEX]: makeIndex({}),
    });
    const around = surroundings({ policy: { ...surroundings().policy, allowedRoots: [local] } });
    for (const name of ['model.safetensors', INDEX]) {
      await rm(local, { recursive: true, force: true });
      await writeReference(local, {});
      await symlink(join(folder, 'outside', name), join(local, name));
      const { weights, warnings } = await resolveIn(environment, local, around);
      expect(weights).toBeNull();
      expect(warnings).toEqual([expect.stringMatching(/outside what this worker may use/)]);
    }
  });
});

it('a snapshot of the hub cache gives names through its links, and passes over files that are gone', async () => {
  const cache = join(folder, 'hf', 'hub', 'models--org--model');
  const snapshot = join(cache, 'snapshots', COMMIT);
  await writeReference(snapshot, { [INDEX]: makeIndex({ a: 'one.safetensors', b: 'two.safetensors' }) });
  await mkdir(join(cache, 'blobs'), { recursive: true });
  await mkdir(join(cache, 'refs'), { recursive: true });
  await writeFile(join(cache, 'refs', 'main'), COMMIT);
  await writeFile(join(cache, 'blobs', 'one'), makeSafetensors({ a: 'F32' }));
  await symlink('../../blobs/one', join(snapshot, 'one.safetensors'));
  await symlink('../../blobs/two', join(snapshot, 'two.safetensors'));
  const reference = await resolveIn(environment);
  expect(listWeights(reference)).toEqual({ a: { dtype: 'F32', shape: [2] }, b: null });
  expect(reference.warnings).toEqual([]);
});
