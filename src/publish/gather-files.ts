// The directory that becomes the target: exactly the manifest's files, moved out of reach of any older writer.
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import { MANIFEST_FILE } from '../contract/names.ts';
import { syncPath, writeDurably } from '../files/durable.ts';
import { errorCode } from '../files/error-code.ts';
import { serializeManifest, type Manifest } from './manifest.ts';
import { removeOthers } from './remove-others.ts';
import { stagingPaths } from '../files/staging.ts';

/**
 * Move the files from `export/` into `publish/`, write the manifest beside them and flush everything. Safe to repeat: a file that
 * an earlier attempt moved stays where it is.
 * @throws ConversionError VerificationFailed naming every file that is missing or has another size.
 */
export async function gatherFiles(staging: string, manifest: Manifest): Promise<void> {
  const { export: source, publish } = stagingPaths(staging);
  await mkdir(publish, { recursive: true });
  const problems: string[] = [];
  for (const { name, bytes } of manifest.files) {
    const target = join(publish, name);
    if ((await sizeOf(join(source, name))) === bytes) {
      await mkdir(dirname(target), { recursive: true });
      await rename(join(source, name), target);
    } else if ((await sizeOf(target)) !== bytes) {
      problems.push(`${name}: expected ${bytes} bytes, found ${(await sizeOf(join(source, name))) ?? 'no file'}`);
    }
  }
  if (problems.length > 0) {
    const message = `The staging directory ${staging} does not hold what is to be published:\n${problems.join('\n')}`;
    throw new ConversionError('VerificationFailed', message, { problems });
  }
  await writeDurably(join(publish, MANIFEST_FILE), serializeManifest(manifest));
  const names = new Set([MANIFEST_FILE, ...manifest.files.map(({ name }) => name)]);
  await removeOthers(publish, (name) => names.has(name));
  await syncTree(publish);
}

/**
 * The other way round: what an attempt moved that did not come to its end goes back to `export/`, where finished files are looked for.
 * Only the owner of the target may call this.
 */
export async function returnFiles(staging: string): Promise<void> {
  const { export: target, publish } = stagingPaths(staging);
  const entries = await readdir(publish, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(publish.length + 1);
    if (!entry.isFile() || name === MANIFEST_FILE) continue;
    await mkdir(dirname(join(target, name)), { recursive: true });
    if ((await sizeOf(join(target, name))) === null) await rename(path, join(target, name));
  }
  await rm(publish, { recursive: true, force: true });
}

async function sizeOf(path: string): Promise<number | null> {
  const found = await lstat(path).catch(() => null);
  return found?.isFile() ? found.size : null;
}

/** Files first, then the directories that name them. */
async function syncTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true });
  for (const entry of entries) {
    const path = join(directory, entry.name);
    await (entry.isDirectory() ? syncTree(path) : syncPath(path));
  }
  await syncPath(directory);
}
