import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MANIFEST_FILE } from '../../src/contract/names.ts';
import { serializeManifest } from '../../src/publish/manifest.ts';
import { setAsidePath } from '../../src/files/staging.ts';
import { refuseTarget } from '../../src/publish/target-rules.ts';
import { findPublished, findSetAside, readTarget } from '../../src/publish/target-state.ts';
import { BYTE_DIGEST, OTHER_DIGEST, makeFolder, manifestOf } from '../support/publish-staging.ts';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let source: string;
let target: string;

beforeEach(async () => {
  folder = await makeFolder();
  source = join(folder.path, 'run', 'iter_0000001');
  target = join(folder.path, 'hf');
  await mkdir(source, { recursive: true });
});
afterEach(() => folder.remove());

const refuse = (path = target, overwrite = false, byteDigest?: string): Promise<string[]> =>
  refuseTarget(source, path, byteDigest === undefined ? { overwrite } : { overwrite, byteDigest });
const wanted = (): Promise<string[]> => refuseTarget(source, target, { overwrite: false, isWanted: true });

async function write(names: readonly string[]): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const name of names) await writeFile(join(target, name), 'x');
}

async function writeExport(): Promise<void> {
  await mkdir(target);
  await writeFile(join(target, 'config.json'), '{}');
  const manifest = manifestOf(target, { 'config.json': '{}' });
  await writeFile(join(target, MANIFEST_FILE), serializeManifest(manifest));
}

describe('refuseTarget', () => {
  it('accepts a directory that does not exist yet, an empty one, and one beside the checkpoint', async () => {
    expect(await refuse()).toEqual([]);
    await mkdir(target);
    expect(await refuse()).toEqual([]);
    expect(await refuse(join(folder.path, 'run', 'hf'))).toEqual([]);
    expect(await refuse(`${target}/`)).toEqual([]);
    expect(await refuse(join(folder.path, 'missing', 'parents', 'hf'))).toEqual([]);
  });

  it.each<[string, () => string, RegExp]>([
    ['the root', () => '/', /root of the file system/],
    ['the checkpoint', () => source, /the checkpoint itself/],
    ['a directory in the checkpoint', () => join(source, 'hf'), /inside the checkpoint/],
    ['a directory around the checkpoint', () => join(folder.path, 'run'), /contains the checkpoint/],
    [
      'a place of which nothing exists',
      () => '/no-such-mount/a/b',
      /no directory of \/no-such-mount\/a exists.*mounted/,
    ],
    ['a name that is too long', () => join(folder.path, 'n'.repeat(210)), /210 bytes/],
    ['a mount point', () => '/proc', /mount point/],
  ])('refuses %s', async (_, path, pattern) => {
    const problems = await refuse(path(), true);
    expect(problems.join('\n')).toMatch(pattern);
  });

  it('sees through links', async () => {
    await symlink(source, join(folder.path, 'link'));
    expect(await refuse(join(folder.path, 'link', 'hf'))).toEqual([expect.stringContaining('inside the checkpoint')]);
    await symlink(join(folder.path, 'elsewhere'), target);
    expect(await refuse()).toEqual([expect.stringContaining('symbolic link')]);
  });

  it('refuses a file, also as parent', async () => {
    await writeFile(target, 'x');
    expect(await refuse()).toEqual([expect.stringContaining('not a directory')]);
    expect(await refuse(join(target, 'hf'))).toEqual([expect.stringContaining('is not a directory')]);
  });

  it('refuses another model without overwrite, and anything but a model with it', async () => {
    await write(['config.json', 'notes.txt']);
    expect(await refuse()).toEqual([expect.stringContaining('overwrite=true')]);
    expect(await refuse(target, true)).toEqual([]);
    await folder.remove();
    await mkdir(source, { recursive: true });
    await write(['notes.txt']);
    expect(await refuse(target, true)).toEqual([expect.stringContaining('holds no model')]);
  });

  it.each([
    ['an older iteration', ['common.pt', '__0_0.distcp', '.metadata'], /holds .*\.metadata.*of a training run/],
    [
      'the weights of an older iteration alone',
      ['__0_0.distcp', 'config.json'],
      /holds __0_0\.distcp, of a training run/,
    ],
    ['a run with a config beside', ['latest_checkpointed_iteration.txt', 'config.json'], /of a training run/],
    ['a model with notes of somebody', ['config.json', 'notes.docx'], /holds notes\.docx, which is nothing of a model/],
  ])('never overwrites %s', async (_, names, pattern) => {
    await write(names);
    expect(await refuse(target, true)).toEqual([expect.stringMatching(pattern)]);
  });

  it('never overwrites a directory with directories that it does not know, be it an export of ours', async () => {
    await writeExport();
    await mkdir(join(target, 'iter_0000200'));
    expect(await refuse(target, true, OTHER_DIGEST)).toEqual([expect.stringContaining('holds iter_0000200/')]);
    await folder.remove();
    await mkdir(source, { recursive: true });
    await write(['config.json', 'model.safetensors']);
    await mkdir(join(target, 'data'));
    expect(await refuse(target, true)).toEqual([expect.stringContaining('holds data/')]);
  });

  it('never touches the reference', async () => {
    await write(['config.json', 'model.safetensors']);
    const keep = [{ what: 'reference', path: target }];
    const problems = (path: string): Promise<string[]> => refuseTarget(source, path, { overwrite: true, keep });
    expect(await problems(target)).toEqual([expect.stringContaining('is the reference itself')]);
    expect(await problems(join(target, 'hf'))).toEqual([expect.stringContaining('inside the reference')]);
    expect(await problems(folder.path)).toContainEqual(expect.stringContaining('contains the reference'));
  });

  it('accepts an export of the same plan, and no other', async () => {
    await writeExport();
    expect(await wanted()).toEqual([]);
    expect(await refuse(target, false, BYTE_DIGEST)).toEqual([
      expect.stringContaining('with the same weights and another reference'),
    ]);
    expect(await refuse(target, false, OTHER_DIGEST)).toEqual([
      expect.stringContaining('an export of /run/iter_0000001'),
    ]);
    expect(await refuse(target, true, OTHER_DIGEST)).toEqual([]);
  });

  it('reports an interrupted overwriting', async () => {
    await mkdir(setAsidePath(target, OTHER_DIGEST));
    expect(await refuse()).toEqual([expect.stringContaining('interrupted overwriting')]);
    expect(await refuse(target, true)).toEqual([]);
  });

  it('takes nothing of a neighbour for its own past', async () => {
    await mkdir(join(folder.path, '.hf.old-1.0123456789ab.partial'));
    await writeFile(join(folder.path, '.hf.old-1.owner.json'), '{}');
    await writeFile(setAsidePath(target, OTHER_DIGEST), 'a file');
    expect(await findSetAside(target)).toEqual([]);
    expect(await refuse()).toEqual([]);
  });

  it('lists several problems at once', async () => {
    expect(await refuse(join(source, 'n'.repeat(210)))).toHaveLength(2);
  });
});

describe('findPublished', () => {
  it('finds a whole export of the digest only', async () => {
    expect(await findPublished(target, BYTE_DIGEST)).toBeNull();
    await writeExport();
    expect(await findPublished(target, BYTE_DIGEST)).toMatchObject({
      path: target,
      manifest: { validation: 'VALIDATED' },
    });
    expect(await findPublished(target, OTHER_DIGEST)).toBeNull();
    await writeFile(join(target, 'config.json'), 'another size');
    expect(await findPublished(target, BYTE_DIGEST)).toBeNull();
    expect(await readTarget(target)).toMatchObject({ kind: 'other' });
  });
});
