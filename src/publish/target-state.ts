// What is at the target now: nothing, an empty directory, an export of ours, or something else.
import { createHash } from 'node:crypto';
import { lstat, readFile, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { MANIFEST_FILE } from '../contract/names.ts';
import { errorCode } from '../files/error-code.ts';
import { whyNotReplaced } from './foreign-entries.ts';
import { parseManifest, type Manifest } from './manifest.ts';
import { isSetAside } from '../files/staging.ts';

export type TargetState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'empty' }
  /** A directory with a readable manifest and all the files that it lists, in their sizes. */
  | {
      readonly kind: 'export';
      readonly manifest: Manifest;
      readonly manifestDigest: string;
      readonly entries: readonly string[];
    }
  /** Names of directories among the entries end with a slash. */
  | { readonly kind: 'other'; readonly entries: readonly string[] }
  | { readonly kind: 'not a directory' };

export interface PublishedInfo {
  readonly path: string;
  readonly manifest: Manifest;
  /** sha256 of the manifest file. */
  readonly manifestDigest: string;
  /** Names of directories end with a slash. */
  readonly entries: readonly string[];
}

/**
 * The export at `target`, when it was made from the same plan; null when there is none or another one. Whoever finds it decides
 * with `manifest.reference.digest` and `manifest.validation` whether that is enough.
 */
export async function findPublished(target: string, byteDigest: string): Promise<PublishedInfo | null> {
  const state = await readTarget(target);
  if (state.kind !== 'export' || state.manifest.byte_digest !== byteDigest) return null;
  const { manifest, manifestDigest, entries } = state;
  return { path: resolve(target), manifest, manifestDigest, entries };
}

export async function readTarget(target: string): Promise<TargetState> {
  let entries: string[];
  try {
    if (!(await lstat(target)).isDirectory()) return { kind: 'not a directory' };
    const found = await readdir(target, { withFileTypes: true });
    entries = found.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { kind: 'absent' };
    throw error;
  }
  if (entries.length === 0) return { kind: 'empty' };
  const text = await readFile(join(target, MANIFEST_FILE)).catch((error: unknown) => {
    // Any other error says nothing of what is there: a good export must not count as something else.
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'EISDIR') return null;
    throw error;
  });
  const manifest = text && parseManifest(text.toString('utf8'));
  if (!text || !manifest || !(await isWhole(target, manifest))) return { kind: 'other', entries };
  return { kind: 'export', manifest, manifestDigest: createHash('sha256').update(text).digest('hex'), entries };
}

/** Paths of targets that an interrupted overwriting left set aside. */
export async function findSetAside(target: string): Promise<string[]> {
  const parent = dirname(resolve(target));
  const found = await readdir(parent, { withFileTypes: true });
  const names = found.filter((entry) => entry.isDirectory() && isSetAside(entry.name, target)).map(({ name }) => name);
  return names.map((name) => join(parent, name));
}

/** Why `overwrite` does not delete what is there, or null where it may. */
export function whyKept(state: TargetState): string | null {
  if (state.kind === 'other') return whyNotReplaced(state.entries);
  if (state.kind !== 'export') return null;
  // A file in a directory accounts for the directory.
  const listed = state.manifest.files.map(({ name }) => name.replace(/\/.*$/, '/'));
  return whyNotReplaced(state.entries, new Set(listed));
}

async function isWhole(target: string, manifest: Manifest): Promise<boolean> {
  for (const file of manifest.files) {
    const found = await lstat(join(target, file.name)).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null;
      throw error;
    });
    if (!found?.isFile() || found.size !== file.bytes) return false;
  }
  return true;
}
