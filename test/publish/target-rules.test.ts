import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MANIFEST_FILE } from '../../src/contract/names.ts';
import { serializeManifest } from '../../src/publish/manifest.ts';
import { setAsidePath } from '../../src/files/staging.ts';
import { refuseTarget } from '../../src/publish/target-rules.ts';
import { findPublished, readTarget } from '../../src/publish/target-state.ts';
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

  it('accepts an export of the same plan, and no other', async () => {
    await writeExport();
    expect(await refuse(target, false, BYTE_DIGEST)).toEqual([]);
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
