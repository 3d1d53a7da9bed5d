// The names of the weights of a repository on the hub: from its index or one header, and never from the weights themselves.
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startHub, type HubFile, type StandInHub } from '../support/hub-stand-in.ts';
import {
  COMMIT,
  INDEX,
  listWeights,
  makeIndex,
  makeSafetensors,
  resolveIn,
  SMALL,
} from '../support/reference-weights.ts';

let folder: string;
let hubs: StandInHub[];
let environment: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weights-test-'));
  hubs = [];
  environment = { HOME: folder };
});
afterEach(async () => {
  for (const hub of hubs) await hub.close();
  await rm(folder, { recursive: true, force: true });
});

async function serve(files: Readonly<Record<string, HubFile>>, token?: string): Promise<StandInHub> {
  const small = Object.fromEntries(Object.entries(SMALL).map(([name, content]) => [name, { content }]));
  const repository = { commit: COMMIT, files: { ...small, ...files }, ...(token !== undefined && { token }) };
  const hub = await startHub({ 'org/model': repository });
  hubs.push(hub);
  environment['HF_ENDPOINT'] = hub.endpoint;
  return hub;
}

const snapshotPath = (): string => join(folder, '.cache/megatron-to-hf/reference/models--org--model/snapshots', COMMIT);

describe('the hub', () => {
  it('gives the names of the index, and no header of the shards', async () => {
    const weights = { content: makeSafetensors({ a: 'F32' }), large: true };
    const hub = await serve({
      [INDEX]: { content: makeIndex({ a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' }) },
      'model-00001-of-00002.safetensors': weights,
      'model-00002-of-00002.safetensors': weights,
    });
    const reference = await resolveIn(environment);
    expect(listWeights(reference)).toEqual({ a: null, b: null });
    expect(reference.files).toEqual(['tokenizer.json']);
    expect(hub.requests.filter((request) => request.endsWith('.safetensors'))).toEqual([]);
  });

  it('gives the header of a single file, and none of its weights', async () => {
    const content = makeSafetensors({ a: 'BF16', b: 'F32' });
    const hub = await serve({ 'model.safetensors': { content, large: true } });
    const reference = await resolveIn(environment);
    expect(listWeights(reference)).toEqual({ a: { dtype: 'BF16', shape: [2, 3] }, b: { dtype: 'F32', shape: [2] } });
    const header = content.length - 20;
    expect(hub.ranges).toEqual(['model.safetensors bytes=0-7', `model.safetensors bytes=8-${header - 1}`]);
  });

  it('is asked once for a commit, and what it said serves offline', async () => {
    const hub = await serve({ 'model.safetensors': { content: makeSafetensors({ a: 'BF16' }) } });
    const first = await resolveIn(environment);
    hub.requests.splice(0);
    expect(listWeights(await resolveIn(environment))).toEqual(listWeights(first));
    expect(hub.requests).toHaveLength(1);
    environment['HF_HUB_OFFLINE'] = '1';
    expect(await resolveIn(environment)).toMatchObject({ weights: first.weights, warnings: [] });
    expect(hub.requests).toHaveLength(1);
  });

  it('is asked again where our cache has no record or a damaged one', async () => {
    const hub = await serve({ [INDEX]: { content: makeIndex({ a: 'x.safetensors' }) } });
    await resolveIn(environment);
    const record = join(snapshotPath(), '.weights.json');
    const text = await readFile(record, 'utf8');
    for (const damage of [null, '', '{"format": 1}', text.replace('"source":"', '"source":7,"_":"')]) {
      if (damage === null) await rm(record);
      else await writeFile(record, damage);
      expect(listWeights(await resolveIn(environment))).toEqual({ a: null });
      expect(await readFile(record, 'utf8')).toBe(text);
    }
    expect((await readdir(snapshotPath())).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await rm(record);
    await hub.close();
    expect(await resolveIn(environment)).toMatchObject({ weights: null, revision: COMMIT });
  });

  it('may have no weights, or none in safetensors files', async () => {
    const hub = await serve({ 'pytorch_model.bin': { content: 'x', large: true } });
    expect(await resolveIn(environment)).toMatchObject({ weights: null, warnings: [] });
    hub.requests.splice(0);
    expect(await resolveIn(environment)).toMatchObject({ weights: null, warnings: [] });
    expect(hub.requests).toHaveLength(1);
  });

  it('gets the token for the header, and another server does not', async () => {
    const content = makeSafetensors({ a: 'F32' });
    const other = await serve({ 'model.safetensors': { content } });
    const hub = await serve({ 'model.safetensors': { content, large: true, elsewhere: other.endpoint } }, 'secret');
    environment['HF_TOKEN'] = 'secret';
    expect(listWeights(await resolveIn(environment))).toEqual({ a: { dtype: 'F32', shape: [2] } });
    expect([...hub.authorizations]).toEqual(['Bearer secret']);
    expect(other.ranges).toHaveLength(2);
    expect([...other.authorizations]).toEqual(['']);
  });

  it.each<[string, Readonly<Record<string, HubFile>>, RegExp]>([
    ['no safetensors file', { 'model.safetensors': { content: 'nothing at all' } }, /HeaderTooLarge/],
    ['an empty file', { 'model.safetensors': { content: '' } }, /HeaderTooSmall/],
    [
      'a header of more than 50 MB',
      {
        'model.safetensors': {
          content: Buffer.from([0, 0x87, 0x93, 0x03, 0, 0, 0, 0, 0x7b]),
          claimedBytes: 80_000_000,
        },
      },
      /the header of model\.safetensors has 60\.0 MB, more than 50\.0 MB/,
    ],
    ['an index of more than 50 MB', { [INDEX]: { content: '{}', claimedBytes: 60_000_000 } }, /has 60\.0 MB/],
    ['an index that is none', { [INDEX]: { content: '[]' } }, /is no index/],
    [
      'a server that sends no ranges',
      { 'model.safetensors': { content: makeSafetensors({ a: 'F32' }), withoutRanges: true } },
      /the hub sends no part of model\.safetensors/,
    ],
  ])('with %s is used without its weights, and says so each time', async (_, files, pattern) => {
    await serve(files);
    for (const reference of [await resolveIn(environment), await resolveIn(environment)]) {
      expect(reference.weights).toBeNull();
      expect(reference.warnings).toEqual([expect.stringMatching(pattern)]);
    }
  });

  it('that sends less than it lists, or refuses the header, leaves no snapshot that is half known', async () => {
    const content = makeSafetensors({ a: 'F32' });
    const empty = await startHub({});
    hubs.push(empty);
    for (const [file, pattern] of [
      [{ content, sent: 'abc' }, /the hub sent 3 of 8 bytes of its header/],
      [{ content, elsewhere: empty.endpoint }, /model\.safetensors: the hub answered 404 for its header/],
    ] as const) {
      await serve({ 'model.safetensors': file });
      await expect(resolveIn(environment)).rejects.toThrow(pattern);
      expect(await readdir(dirname(snapshotPath()))).toEqual([]);
    }
  });
});
