import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveReference, type ReferenceInput } from '../../src/reference/resolve.ts';
import type { Reference } from '../../src/reference/types.ts';
import { surroundings } from '../support/publish-staging.ts';
import { startHub, type HubRepository, type StandInHub } from '../support/hub-stand-in.ts';

const COMMIT = 'a1'.repeat(20);
const CONFIG = JSON.stringify({ architectures: ['LlamaForCausalLM'], model_type: 'llama', vocab_size: 10 });
const PLAIN = { 'config.json': CONFIG, 'tokenizer.json': '{}', 'tokenizer_config.json': '{"a": 1}' };

let folder: string;
let hub: StandInHub | undefined;
let environment: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reference-test-'));
  environment = { HOME: folder, HF_ENDPOINT: 'http://127.0.0.1:9' };
});
afterEach(async () => {
  await hub?.close();
  hub = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function write(path: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return path;
}

async function serve(repository: Partial<HubRepository> & Pick<HubRepository, 'files'>): Promise<void> {
  hub = await startHub({ 'org/model': { commit: COMMIT, ...repository } });
  environment['HF_ENDPOINT'] = hub.endpoint;
}

const filesOf = (contents: Readonly<Record<string, string>>): HubRepository['files'] =>
  Object.fromEntries(Object.entries(contents).map(([name, content]) => [name, { content }]));

const resolve = (change: Partial<ReferenceInput> = {}, around = surroundings()): Promise<Reference> =>
  resolveReference(
    { hf_model_id: 'org/model', megatron_path: join(folder, 'iter_1'), tokenizer_source: 'reference', ...change },
    around,
    environment,
  );

const refusal = (change: Partial<ReferenceInput> = {}): Promise<Error> =>
  resolve(change).then(
    () => new Error('was resolved'),
    (error: Error) => error,
  );

describe('a local directory', () => {
  it('gives its small files, not its weights, nor what describes them', async () => {
    const path = await write(join(folder, 'local'), {
      ...PLAIN,
      'generation_config.json': '{}',
      'merges.txt': 'a b',
      'chat_template.jinja': 'x',
      'additional_chat_templates/tool.jinja': 'y',
      LICENSE: 'free',
      'model.safetensors': 'weights',
      'model.safetensors.index.json': '{"weight_map": {}}',
      'hf_quant_config.json': '{}',
      'trainer_state.json': '{}',
      'README.md': 'x',
      'modeling_other.py': 'unused code',
      '.hidden.json': '{}',
    });
    const reference = await resolve({ hf_model_id: path });
    expect(reference).toMatchObject({ id: path, path, revision: null, remoteCode: [], tokenizer: null, warnings: [] });
    expect(reference.config).toEqual(JSON.parse(CONFIG));
    expect(reference.files).toEqual([
      'LICENSE',
      'additional_chat_templates/tool.jinja',
      'chat_template.jinja',
      'generation_config.json',
      'merges.txt',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
  });

  it('has a digest of its contents, wherever it lies', async () => {
    const digests = [];
    for (const [name, files] of Object.entries({ a: PLAIN, b: PLAIN, c: { ...PLAIN, 'tokenizer.json': '{"x":1}' } })) {
      digests.push((await resolve({ hf_model_id: await write(join(folder, name), files) })).digest);
    }
    expect(digests[0]).toBe(digests[1]);
    expect(digests[0]).not.toBe(digests[2]);
  });

  it('brings the code that auto_map names, with its relative imports', async () => {
    const config = {
      ...(JSON.parse(CONFIG) as object),
      auto_map: { AutoConfig: 'configuration_x.C', AutoModel: 'far/away--m.M' },
    };
    const tokenizer = { auto_map: { AutoTokenizer: ['tok.Slow', null] } };
    const path = await write(join(folder, 'code'), {
      ...PLAIN,
      'config.json': JSON.stringify(config),
      'tokenizer_config.json': JSON.stringify(tokenizer),
      'configuration_x.py': 'import os\nfrom .helper import (\n  a,\n)\nfrom . import more, most as m\n',
      'helper.py': 'from .configuration_x import C\nfrom .gone import y\n',
      'more.py': '',
      'most.py': '',
      'tok.py': '',
      'unrelated.py': '',
    });
    const reference = await resolve({ hf_model_id: path });
    expect(reference.files.filter((name) => name.endsWith('.py'))).toEqual([
      'configuration_x.py',
      'helper.py',
      'more.py',
      'most.py',
      'tok.py',
    ]);
    expect(reference.remoteCode).toEqual(['configuration_x', 'tok', 'far/away--m.M']);
    expect(reference.warnings).toEqual([expect.stringContaining('gone.py'), expect.stringContaining('far/away--m.M')]);
  });

  it('says everything that it lacks', async () => {
    const path = await write(join(folder, 'poor'), { 'config.json': '{"architectures": []}' });
    const error = await refusal({ hf_model_id: path });
    expect(error).toMatchObject({ type: 'ReferenceUnavailable' });
    expect(error.message).toMatch(/architectures.*model_type.*tokenizer.json/);
    expect(error.message).toContain('Set hf_model_id to the original base model or a local config source');
    await writeFile(join(path, 'config.json'), '{"a": }');
    expect((await refusal({ hf_model_id: path })).message).toMatch(/config.json does not parse: unexpected "}"/);
  });

  it('that does not exist is not looked for on the hub', async () => {
    for (const id of [join(folder, 'nothing'), './nothing', '~/nothing']) {
      expect((await refusal({ hf_model_id: id })).message).toContain('no such directory');
    }
  });

  it('must lie in the allowed roots, links resolved', async () => {
    const inside = await write(join(folder, 'allowed', 'a'), PLAIN);
    const outside = await write(join(folder, 'outside'), PLAIN);
    const policy = { ...surroundings().policy, allowedRoots: [join(folder, 'allowed')] };
    const around = surroundings({ policy });
    await expect(resolve({ hf_model_id: inside }, around)).resolves.toBeDefined();
    await symlink(outside, join(folder, 'allowed', 'link'));
    for (const id of [outside, join(folder, 'allowed', 'link')]) {
      await expect(resolve({ hf_model_id: id }, around)).rejects.toMatchObject({ type: 'PolicyRefused' });
    }
    await symlink(join(outside, 'tokenizer.json'), join(inside, 'merges.txt'));
    await expect(resolve({ hf_model_id: inside }, around)).rejects.toMatchObject({ type: 'PolicyRefused' });
  });
});

const cache = (): string => join(folder, 'hf', 'hub', 'models--org--model');

describe('the hub cache', () => {
  beforeEach(() => {
    environment['HF_HOME'] = join(folder, 'hf');
  });

  it('gives a snapshot by branch and by commit, through its links', async () => {
    await write(join(cache(), 'blobs'), { one: CONFIG, two: '{}' });
    await mkdir(join(cache(), 'snapshots', COMMIT), { recursive: true });
    await symlink('../../blobs/one', join(cache(), 'snapshots', COMMIT, 'config.json'));
    await symlink('../../blobs/two', join(cache(), 'snapshots', COMMIT, 'tokenizer.json'));
    await symlink('../../blobs/gone', join(cache(), 'snapshots', COMMIT, 'vocab.json'));
    await write(cache(), { 'refs/main': COMMIT, 'refs/pr/1': COMMIT });
    for (const hf_revision of [undefined, 'main', 'pr/1', COMMIT]) {
      const reference = await resolve(hf_revision === undefined ? {} : { hf_revision });
      expect(reference).toMatchObject({ revision: COMMIT, files: ['tokenizer.json'] });
    }
    expect((await refusal({ hf_revision: 'other' })).message).toContain('no snapshot of revision other');
  });

  it('is passed over when its snapshot lacks something', async () => {
    await write(join(cache(), 'snapshots', COMMIT), { 'config.json': CONFIG });
    await write(cache(), { 'refs/main': COMMIT });
    const { message } = await refusal();
    expect(message).toContain('no tokenizer.json');
    expect(message).toMatch(/127\.0\.0\.1:9 cannot be reached/);
  });

  it('follows HF_HUB_CACHE', async () => {
    environment['HF_HUB_CACHE'] = join(folder, 'elsewhere');
    await write(join(folder, 'elsewhere', 'models--org--model', 'snapshots', COMMIT), PLAIN);
    await expect(resolve({ hf_revision: COMMIT })).resolves.toMatchObject({ revision: COMMIT });
  });
});

describe('the hub', () => {
  it('gives the small files of a commit, once', async () => {
    await serve({
      files: {
        ...filesOf(PLAIN),
        'tokenizer.model': { content: Buffer.alloc(70_000, 7), large: true },
        'special_tokens_map.json': { content: '' },
        'additional_chat_templates/tool.jinja': { content: 'y' },
        'model.safetensors': { content: 'weights', large: true },
        'onnx/config.json': { content: '{}' },
      },
    });
    const first = await resolve();
    expect(first).toMatchObject({ revision: COMMIT });
    expect(first.path).toBe(join(folder, '.cache/megatron-to-hf/reference/models--org--model/snapshots', COMMIT));
    expect(first.files).toEqual([
      'additional_chat_templates/tool.jinja',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer.model',
      'tokenizer_config.json',
    ]);
    expect((await readFile(join(first.path, 'tokenizer.model'))).equals(Buffer.alloc(70_000, 7))).toBe(true);
    expect(hub?.requests.filter((request) => request.includes('onnx/config'))).toEqual([]);
    expect(hub?.ranges).toEqual(['model.safetensors bytes=0-6']);
    hub?.requests.splice(0);
    expect((await resolve()).digest).toBe(first.digest);
    expect(hub?.requests).toHaveLength(1);
    await hub?.close();
    expect((await resolve()).digest).toBe(first.digest);
    expect(await readdir(dirname(first.path))).toEqual([COMMIT]);
  });

  it('gives the code that auto_map names', async () => {
    const config = JSON.stringify({ ...(JSON.parse(CONFIG) as object), auto_map: { AutoModel: 'modeling_x.M' } });
    const code = { 'modeling_x.py': 'from .helper import h\n', 'helper.py': 'x = 1\n', 'other.py': '' };
    await serve({ files: filesOf({ ...PLAIN, 'config.json': config, ...code }) });
    const reference = await resolve();
    expect(reference.files).toEqual(['helper.py', 'modeling_x.py', 'tokenizer.json', 'tokenizer_config.json']);
    expect(reference.remoteCode).toEqual(['modeling_x']);
  });

  it('gets the token of HF_TOKEN, or of the token file', async () => {
    await serve({ files: filesOf(PLAIN), token: 'secret' });
    const { message } = await refusal();
    expect(message).toMatch(/\(401\): set HF_TOKEN/);
    environment['HF_TOKEN'] = 'secret';
    await expect(resolve()).resolves.toBeDefined();
    delete environment['HF_TOKEN'];
    await write(join(folder, '.cache', 'huggingface'), { token: 'secret\n' });
    await rm(join(folder, '.cache', 'megatron-to-hf'), { recursive: true });
    await expect(resolve()).resolves.toBeDefined();
    expect(message).not.toContain('secret');
  });

  it('gets the user and password of HF_ENDPOINT, and no message has them', async () => {
    await serve({ files: filesOf(PLAIN) });
    const bare = environment['HF_ENDPOINT'] ?? '';
    environment['HF_ENDPOINT'] = bare.replace('://', '://amy:s%40crit@');
    await expect(resolve()).resolves.toBeDefined();
    expect(hub?.authorizations).toEqual(new Set([`Basic ${Buffer.from('amy:s@crit').toString('base64')}`]));
    for (const endpoint of [
      'http://amy:s%40crit@127.0.0.1:9',
      'amy:s%40crit@127.0.0.1:9',
      'http://amy:s@crit@127.0.0.1:9',
    ]) {
      environment['HF_ENDPOINT'] = endpoint;
      const { message } = await refusal({ hf_model_id: 'org/unknown' });
      expect(message).toContain('127.0.0.1:9');
      expect(message).not.toMatch(/amy|crit/);
    }
  });

  it('is asked again after passing failures', async () => {
    await serve({ files: filesOf(PLAIN) });
    hub?.failures.push(503, 429, 500);
    await expect(resolve()).resolves.toBeDefined();
  });

  it('that does not know the repository or the branch is quoted, with all that was tried', async () => {
    await serve({ files: filesOf(PLAIN) });
    const { message } = await refusal({ hf_model_id: 'org/unknown' });
    expect(message).toMatch(
      /huggingface\/hub: no snapshot.*\n.*no such repository or revision \(404\).*\n.*reference: no snapshot/,
    );
    expect((await refusal({ hf_revision: 'missing-branch' })).message).toContain('404');
  });

  it('is not asked offline, but what was fetched before serves', async () => {
    await serve({ files: filesOf(PLAIN) });
    environment['HF_HUB_OFFLINE'] = '1';
    expect((await refusal()).message).toContain('HF_HUB_OFFLINE is set');
    expect(hub?.requests).toEqual([]);
    delete environment['HF_HUB_OFFLINE'];
    const { digest } = await resolve();
    environment['HF_HUB_OFFLINE'] = 'yes';
    expect((await resolve()).digest).toBe(digest);
  });

  it.each<[string, HubRepository['files'], RegExp]>([
    [
      'a file that is too large',
      { 'vocab.json': { content: 'x', claimedBytes: 60_000_000 } },
      /vocab.json has 60.0 MB, more than 50.0 MB/,
    ],
    ['a damaged file', { 'vocab.json': { content: 'abc', sent: 'abd' } }, /vocab.json was damaged/],
    ['a damaged large file', { 'a.model': { content: 'abc', sent: 'abd', large: true } }, /a.model was damaged/],
    ['a file of another size', { 'vocab.json': { content: 'abc', sent: 'ab' } }, /2 bytes, but is listed with 3/],
  ])('with %s leaves nothing in the cache', async (_, files, pattern) => {
    await serve({ files: { ...filesOf(PLAIN), ...files } });
    expect((await refusal()).message).toMatch(pattern);
    expect(await readdir(join(folder, '.cache/megatron-to-hf/reference/models--org--model/snapshots'))).toEqual([]);
  });

  it('is left when the run is cancelled', async () => {
    await serve({ files: filesOf(PLAIN) });
    hub?.failures.push(503, 503, 503, 503);
    const signal = AbortSignal.timeout(300);
    await expect(resolve({}, surroundings({ signal }))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it.each(['../escape', 'a/b/c', 'a--b/c', 'org/..', 'a b/c', '/'])('is never asked for the id %s', async (id) => {
    await serve({ files: {} });
    expect(await refusal({ hf_model_id: id })).toMatchObject({ type: 'ReferenceUnavailable' });
    expect(hub?.requests).toEqual([]);
  });

  it('is never asked for a revision that climbs', async () => {
    expect((await refusal({ hf_revision: '../../etc' })).message).toContain('is not a branch, tag or commit');
  });
});

const checkpoint = (): string => join(folder, 'iter_1');
const fromCheckpoint = (): Partial<ReferenceInput> => ({
  hf_model_id: join(folder, 'local'),
  tokenizer_source: 'checkpoint',
});

describe('tokenizer_source=checkpoint', () => {
  it('takes the tokenizer of the checkpoint and the rest of the reference, and reports the differences', async () => {
    await write(join(folder, 'local'), { ...PLAIN, 'generation_config.json': '{}' });
    await write(join(checkpoint(), 'tokenizer'), {
      'tokenizer.json': '{}',
      'tokenizer_config.json': '{"b": 2}',
      'merges.txt': 'a',
    });
    const reference = await resolve(fromCheckpoint());
    expect(reference.files).toEqual(['generation_config.json']);
    expect(reference.tokenizer?.files).toEqual(['merges.txt', 'tokenizer.json', 'tokenizer_config.json']);
    expect(reference.warnings).toEqual([
      expect.stringContaining('merges.txt, the reference has not'),
      expect.stringContaining('tokenizer_config.json differs'),
    ]);
  });

  it('does not need a tokenizer in the reference', async () => {
    await write(join(folder, 'local'), { 'config.json': CONFIG });
    await write(join(checkpoint(), 'tokenizer'), { 'tokenizer.json': '{}' });
    await expect(resolve(fromCheckpoint())).resolves.toBeDefined();
  });

  it('follows no link out of the allowed roots', async () => {
    await write(join(folder, 'local'), { 'config.json': CONFIG });
    await write(join(checkpoint(), 'tokenizer'), { 'tokenizer.json': '{}' });
    const around = surroundings({
      policy: { ...surroundings().policy, allowedRoots: [join(folder, 'local'), checkpoint()] },
    });
    await expect(resolve(fromCheckpoint(), around)).resolves.toBeDefined();
    await write(join(folder, 'secrets'), { 'vocab.json': '{}' });
    await symlink(join(folder, 'secrets', 'vocab.json'), join(checkpoint(), 'tokenizer', 'vocab.json'));
    await expect(resolve(fromCheckpoint(), around)).rejects.toMatchObject({ type: 'PolicyRefused' });
  });

  it('refuses code, auto_map and want of a tokenizer, all at once', async () => {
    await write(join(folder, 'local'), PLAIN);
    expect((await refusal(fromCheckpoint())).message).toContain('does not exist');
    await write(join(checkpoint(), 'tokenizer'), { 'evil.py': '', 'tokenizer_config.json': '{"auto_map": {}}' });
    const error = await refusal(fromCheckpoint());
    expect(error).toMatchObject({ type: 'ReferenceUnavailable', problems: { length: 3 } });
    expect(error.message).toContain('Set tokenizer_source=reference');
  });
});
