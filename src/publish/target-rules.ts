// Where an export may be published. Every rule here is checked before a byte is written.
import { access, constants, lstat, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { existingParent, isBelow, resolveLinks } from '../files/resolve-path.ts';
import type { Manifest } from './manifest.ts';
import { findSetAside, readTarget, whyKept } from './target-state.ts';

export interface TargetOptions {
  readonly overwrite: boolean;
  /** What the request would write, for the words: an export of the same bytes differs by its reference only. */
  readonly byteDigest?: string;
  /** What is there is the very export that we want to have there, not a conflict. */
  readonly isWanted?: boolean;
  /** What else must never be deleted or written into, by what it is to people: the reference, say. */
  readonly keep?: readonly KeptPath[];
}

export interface KeptPath {
  /** As in `the <what>`. */
  readonly what: string;
  readonly path: string;
}

/** Room for the dot, the digest and the suffix that staging adds to a name of at most 255 bytes. */
const LONGEST_NAME_BYTES = 200;

/** Every reason not to publish at `target`, a sentence each with what to do; empty when there is none. Nothing is written. */
export async function refuseTarget(source: string, target: string, options: TargetOptions): Promise<string[]> {
  const path = resolve(target);
  const parent = dirname(path);
  if (path === parent)
    return [`hf_path ${target} is the root of the file system; name a directory that does not exist yet`];
  if (!basename(path).trim()) return [`hf_path ${target} has no name`];
  const problems = [...nameProblems(path), ...(await overlapProblems(path, keptPaths(source, options.keep)))];
  const parentProblem = await problemOfParent(parent);
  if (parentProblem) return [...problems, parentProblem];
  if (!(await stat(parent).catch(() => null))) return problems;
  const placeProblem = await problemOfPlace(path);
  return [...problems, ...(placeProblem ? [placeProblem] : await contentProblems(path, options))];
}

function nameProblems(path: string): string[] {
  const bytes = Buffer.byteLength(basename(path));
  if (bytes <= LONGEST_NAME_BYTES) return [];
  return [`the name of hf_path has ${bytes} bytes; at most ${LONGEST_NAME_BYTES} leave room for the staging directory`];
}

/** The checkpoint, and what else is kept. */
export function keptPaths(source: string, more: readonly KeptPath[] = []): readonly KeptPath[] {
  return [{ what: 'checkpoint', path: source }, ...more];
}

/** A sentence for each path that is the target, contains it, or is contained in it. Links are resolved. */
export async function overlapProblems(path: string, kept: readonly KeptPath[]): Promise<string[]> {
  const to = join(await resolveLinks(dirname(path)), basename(path));
  const problems = await Promise.all(
    kept.map(async ({ what, path: name }) => {
      const from = await resolveLinks(name);
      if (from === to) return `hf_path ${path} is the ${what} itself; choose another directory`;
      if (isBelow(to, from)) return `hf_path ${path} is inside the ${what} ${name}; nothing is ever written there`;
      if (isBelow(from, to)) return `hf_path ${path} contains the ${what} ${name}; choose a directory beside it`;
      return null;
    }),
  );
  return problems.filter((problem) => problem !== null);
}

/** Missing directories are made when the conversion starts, below one that exists; where none does, a mount is missing more likely. */
async function problemOfParent(parent: string): Promise<string | null> {
  const existing = await existingParent(parent);
  if (existing === dirname(existing) && existing !== parent) {
    return `no directory of ${parent} exists; is its file system mounted? Create the parent of hf_path when it is right`;
  }
  if (!(await stat(existing)).isDirectory()) return `the parent of hf_path is not a directory: ${existing}`;
  try {
    await access(existing, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return `the parent of hf_path cannot be written by this worker: ${existing} (${String(error)})`;
  }
}

/** The kind of thing at the target: a rename can neither follow a link nor replace a mount point. */
async function problemOfPlace(path: string): Promise<string | null> {
  const found = await lstat(path).catch(() => null);
  if (!found) return null;
  if (found.isSymbolicLink()) return `hf_path ${path} is a symbolic link; name the real directory`;
  if (!found.isDirectory()) return `hf_path ${path} exists and is not a directory`;
  const parent = await stat(dirname(path));
  if (found.dev !== parent.dev || (await mountPoints()).has(await resolveLinks(path))) {
    return `hf_path ${path} is a mount point, so nothing can be renamed to it; choose a directory inside it`;
  }
  return null;
}

async function contentProblems(path: string, options: TargetOptions): Promise<string[]> {
  const state = await readTarget(path);
  if (state.kind === 'absent') {
    const aside = options.overwrite ? [] : await findSetAside(path);
    return aside.map((old) => `an interrupted overwriting left ${old}; set overwrite=true, or move it back to ${path}`);
  }
  if (state.kind === 'empty') return [];
  if (options.isWanted) return [];
  if (!options.overwrite) {
    const what = state.kind === 'export' ? describeExport(state.manifest, options) : 'other files';
    return [`hf_path ${path} exists and holds ${what}; choose another hf_path, or set overwrite=true to replace it`];
  }
  const why = whyKept(state);
  return why === null ? [] : [`hf_path ${path} ${why}, so overwrite=true does not delete it`];
}

function describeExport({ source, byte_digest: digest, reference }: Manifest, { byteDigest }: TargetOptions): string {
  const what = `an export of ${source.path}`;
  return digest === byteDigest ? `${what} with the same weights and another reference (${reference.id})` : what;
}

/** Bind mounts share the device of their parent; Linux lists them. */
async function mountPoints(): Promise<Set<string>> {
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const points = table.split('\n').map((line) => line.split(' ')[4] ?? '');
  return new Set(
    points.map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
    ),
  );
}
