import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MANIFEST_FILE } from '../../src/contract/names.ts';
import type { Manifest } from '../../src/publish/manifest.ts';
import { ownerPath, setAsidePath, stagingPaths } from '../../src/files/staging.ts';
import { PUBLISH_STEPS, publishExport, type PublishRequest, type PublishStep } from '../../src/publish/publish.ts';
import { findPublished } from '../../src/publish/target-state.ts';
import {
  BYTE_DIGEST,
  FILES,
  OTHER_DIGEST,
  fillStaging,
  makeFolder,
  manifestOf,
  readTree,
  surroundings,
  worker,
} from '../support/publish-staging.ts';

const OLD = { 'config.json': 'old', 'model.safetensors': 'old weights' };

let folder: Awaited<ReturnType<typeof makeFolder>>;
let target: string;
let manifest: Manifest;

beforeEach(async () => {
  folder = await makeFolder();
  target = join(folder.path, 'hf');
  manifest = manifestOf(target);
});
afterEach(() => folder.remove());

const publish = async (change: Partial<PublishRequest> = {}): ReturnType<typeof publishExport> =>
  publishExport({
    target,
    staging: join(folder.path, `.hf.${BYTE_DIGEST.slice(0, 12)}.partial`),
    manifest,
    overwrite: false,
    surroundings: surroundings(),
    ...change,
  });

async function write(files: Readonly<Record<string, string>>, path = target): Promise<void> {
  await mkdir(path, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
}

/** What must be there in the end, however many crashes it took. */
async function expectPublished(): Promise<void> {
  const { [MANIFEST_FILE]: text, ...files } = (await readTree(target)) ?? {};
  expect(files).toEqual(FILES);
  expect(JSON.parse(text ?? '')).toEqual(JSON.parse(JSON.stringify(manifest)));
  expect(await readdir(folder.path)).toEqual(['hf']);
}

class Crash extends Error {}
const crashAt =
  (wanted: PublishStep) =>
  (step: PublishStep): void => {
    if (step === wanted) throw new Crash(step);
  };

describe('publishExport', () => {
  it('publishes exactly the files of the manifest and leaves nothing beside them', async () => {
    await fillStaging(target);
    const result = await publish();
    expect(result).toMatchObject({ path: target, files: 6, bytes: 36, already_published: false, replaced: false });
    expect(result.manifest).toBe(join(target, MANIFEST_FILE));
    await expectPublished();
  });

  it('leaves out files that the manifest does not name', async () => {
    const staging = await fillStaging(target);
    await writeFile(join(staging, 'export', 'stranger.txt'), 'x');
    await mkdir(join(staging, 'publish'));
    await writeFile(join(staging, 'publish', 'leftover.safetensors'), 'x');
    await publish();
    await expectPublished();
  });

  it('does not take other bytes of the same size for what was published, and keeps staging', async () => {
    await fillStaging(target);
    await publish();
    const staging = await fillStaging(target);
    const [name = '', content = ''] = Object.entries(FILES)[0] ?? [];
    await writeFile(join(target, name), 'x'.repeat(content.length));
    for (const overwrite of [false, true]) {
      await expect(publish({ overwrite })).rejects.toThrow(`${name} no longer has the bytes that were published`);
    }
    expect(await readdir(staging)).toContain('export');
  });

  it('says that the export was there already, and removes staging', async () => {
    await fillStaging(target);
    const first = await publish();
    await fillStaging(target);
    const other = surroundings({ worker: worker({ workflowId: 'convert-b', runId: 'run-2' }) });
    const second = await publish({
      surroundings: other,
      manifest: { ...manifest, run: { ...manifest.run, run_id: 'run-2' } },
    });
    expect(second).toMatchObject({ already_published: true, manifest_digest: first.manifest_digest });
    await expectPublished();
  });

  it('succeeds with no staging at all when the export is there', async () => {
    await fillStaging(target);
    await publish();
    await expect(publish()).resolves.toMatchObject({ already_published: false });
    await expectPublished();
  });

  it('renews the manifest of an export that was not validated then', async () => {
    await fillStaging(target);
    const smoke = { ...manifest.smoke, validated: false };
    await publish({ manifest: { ...manifest, validation: 'NOT VALIDATED', smoke } });
    const result = await publish();
    expect(result.warnings).toEqual([expect.stringContaining('VALIDATED')]);
    await expectPublished();
  });

  it('renews the manifest of an export that was tried in another way since, once', async () => {
    await fillStaging(target);
    await publish();
    const ours = { ...manifest, options: { ...manifest.options, smoke: { max_new_tokens: 64 } } };
    const crash = {
      onStep: (step: PublishStep) => (step === 'clean' ? Promise.reject(new Error('crash')) : undefined),
    };
    await expect(publish({ manifest: ours, ...crash })).rejects.toMatchObject({ type: 'PublishFailed' });
    const { manifest_digest: renewed, warnings } = await publish({ manifest: { ...ours, smoke: manifest.smoke } });
    expect(warnings).toEqual([]);
    // A later run with less to say changes nothing.
    const silent = { ...ours, validation: 'NOT VALIDATED', options: {} } as const;
    expect(await publish({ manifest: silent })).toMatchObject({ manifest_digest: renewed, warnings: [] });
    expect(await readTree(target)).toMatchObject({ [MANIFEST_FILE]: expect.stringContaining('"max_new_tokens": 64') });
  });

  it('publishes over an empty directory, and says so', async () => {
    await fillStaging(target);
    await mkdir(target);
    expect((await publish()).warnings).toEqual([expect.stringContaining('empty directory')]);
    await expectPublished();
  });

  it('refuses another target without overwrite, and leaves it untouched', async () => {
    await fillStaging(target);
    await write(OLD);
    await expect(publish()).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(await readTree(target)).toEqual(OLD);
  });

  it('never deletes what is no model, not even with overwrite', async () => {
    await fillStaging(target);
    await write({ 'thesis.tex': 'x' });
    await expect(publish({ overwrite: true })).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(await readTree(target)).toEqual({ 'thesis.tex': 'x' });
  });

  it('replaces another target with overwrite', async () => {
    await fillStaging(target);
    await write(OLD);
    expect(await publish({ overwrite: true })).toMatchObject({ replaced: true, already_published: false });
    await expectPublished();
  });

  it('names every file that staging lacks, and publishes nothing', async () => {
    const staging = await fillStaging(target);
    await rm(join(staging, 'export', 'config.json'));
    await writeFile(join(staging, 'export', 'model-00001-of-00002.safetensors'), 'short');
    const failure = expect(publish()).rejects;
    await failure.toMatchObject({ type: 'VerificationFailed', problems: [expect.any(String), expect.any(String)] });
    expect(await readTree(target)).toBeNull();
  });

  it('stops when somebody else takes the target between two steps', async () => {
    await fillStaging(target);
    const steal = async (step: PublishStep): Promise<void> => {
      if (step !== 'rename') return;
      const record = JSON.parse(await readFile(ownerPath(target), 'utf8')) as object;
      await writeFile(ownerPath(target), JSON.stringify({ ...record, worker: worker({ workflowId: 'thief' }) }));
    };
    await expect(publish({ onStep: steal })).rejects.toMatchObject({ type: 'TargetOwned' });
    expect(await readTree(target)).toBeNull();
  });

  it('takes a lost answer to a rename for what it was', async () => {
    const staging = await fillStaging(target);
    const renameBefore = async (step: PublishStep): Promise<void> => {
      if (step === 'rename') await rename(stagingPaths(staging).publish, target);
    };
    await expect(publish({ onStep: renameBefore })).resolves.toMatchObject({ replaced: false });
    await expectPublished();
  });

  it('reports a file system that refuses as PublishFailed', async () => {
    const staging = await fillStaging(target);
    await writeFile(stagingPaths(staging).publish, 'a file where a directory belongs');
    await expect(publish()).rejects.toMatchObject({ type: 'PublishFailed', facts: { code: 'EEXIST' } });
  });

  it('stops at an abort, between two steps', async () => {
    await fillStaging(target);
    const controller = new AbortController();
    const abort = (step: PublishStep): void => {
      if (step === 'gather') controller.abort(new Error('cancelled'));
    };
    const request = publish({ surroundings: surroundings({ signal: controller.signal }), onStep: abort });
    await expect(request).rejects.toThrow('cancelled');
    await publish();
    await expectPublished();
  });
});

describe('a crash', () => {
  it.each(PUBLISH_STEPS)('before "%s" is repaired by publishing again', async (step) => {
    await fillStaging(target);
    const fresh = await publish({ onStep: crashAt(step) }).then(
      () => 'no such step',
      () => 'crashed',
    );
    expect(fresh).toBe(['set aside', 'remove old'].includes(step) ? 'no such step' : 'crashed');
    expect([null, 6]).toContain(Object.keys((await readTree(target)) ?? {}).length || null);
    await publish({ manifest: { ...manifest, run: { ...manifest.run, written: 'later' } } });
    const written = ((await findPublished(target, BYTE_DIGEST))?.manifest.run.written ?? '') === 'later';
    expect(written).toBe(['recover', 'manifest'].includes(step));
    if (!written) await expectPublished();
  });

  it.each(PUBLISH_STEPS)('before "%s" of an overwriting is repaired by publishing again', async (step) => {
    await fillStaging(target);
    await write(OLD);
    await expect(publish({ overwrite: true, onStep: crashAt(step) })).rejects.toThrow(step);
    const seen = await readTree(target);
    expect(seen === null || seen['config.json'] === 'old' || Object.keys(seen).length === 6).toBe(true);
    await publish({ overwrite: true });
    await expectPublished();
  });

  it('between the two renames puts the old target back when the next run may not overwrite', async () => {
    await fillStaging(target);
    await write(OLD, setAsidePath(target, BYTE_DIGEST));
    await expect(publish()).rejects.toMatchObject({ type: 'TargetRefused' });
    expect(await readTree(target)).toEqual(OLD);
  });

  it('of another overwriting leaves its old target alone, and says so', async () => {
    await fillStaging(target);
    await publish();
    const aside = setAsidePath(target, OTHER_DIGEST);
    await write(OLD, aside);
    const result = await publish();
    expect(result.warnings).toEqual([expect.stringContaining(aside)]);
    expect((await stat(aside)).isDirectory()).toBe(true);
  });
});
