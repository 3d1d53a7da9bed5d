// What is at the target now: nothing, an empty directory, an export of ours, or something else.
import { createHash } from 'node:crypto';
import { lstat, readFile, readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { MANIFEST_FILE } from '../contract/names.ts';
import { errorCode } from '../files/error-code.ts';
import { parseManifest, type Manifest } from './manifest.ts';
import { setAsidePrefix } from '../files/staging.ts';

export type TargetState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'empty' }
  /** A directory with a readable manifest and all the files that it lists, in their sizes. */
  | { readonly kind: 'export'; readonly manifest: Manifest; readonly manifestDigest: string }
  | { readonly kind: 'other'; readonly entries: readonly string[] }
  | { readonly kind: 'not a directory' };

export interface PublishedInfo {
  readonly path: string;
  readonly manifest: Manifest;
  /** sha256 of the manifest file. */
  readonly manifestDigest: string;
}

/**
 * The export at `target`, when it was made from the same plan; null when there is none or another one. Whoever finds it decides
 * with `manifest.reference.digest` and `manifest.validation` whether that is enough.
 */
export async function findPublished(target: string, byteDigest: string): Promise<PublishedInfo | null> {
  const state = await readTarget(target);
  if (state.kind !== 'export' || state.manifest.byte_digest !== byteDigest) return null;
  return { path: resolve(target), manifest: state.manifest, manifestDigest: state.manifestDigest };
}

export async function readTarget(target: string): Promise<TargetState> {
  let entries: string[];
  try {
    if (!(await lstat(target)).isDirectory()) return { kind: 'not a directory' };
    entries = await readdir(target);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { kind: 'absent' };
    throw error;
  }
  if (entries.length === 0) return { kind: 'empty' };
  const text = await readFile(join(target, MANIFEST_FILE)).catch(() => null);
  const manifest = text && parseManifest(text.toString('utf8'));
  if (!text || !manifest || !(await isWhole(target, manifest))) return { kind: 'other', entries };
  return { kind: 'export', manifest, manifestDigest: createHash('sha256').update(text).digest('hex') };
}

/** Paths of targets that an interrupted overwriting left set aside. */
export async function findSetAside(target: string): Promise<string[]> {
  const parent = dirname(resolve(target));
  const names = await readdir(parent);
  return names.filter((name) => name.startsWith(setAsidePrefix(target))).map((name) => join(parent, name));
}

/** Whether entries look like a model directory; anything else is never deleted on `overwrite`. */
export function looksLikeModel(entries: readonly string[]): boolean {
  return entries.some(
    (name) => name === MANIFEST_FILE || name === 'config.json' || /\.(safetensors|bin|pt|gguf)$/.test(basename(name)),
  );
}

async function isWhole(target: string, manifest: Manifest): Promise<boolean> {
  for (const file of manifest.files) {
    const found = await lstat(join(target, file.name)).catch(() => null);
    if (!found?.isFile() || found.size !== file.bytes) return false;
  }
  return true;
}
