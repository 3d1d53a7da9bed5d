// The directory layout of the Hugging Face hub cache: models--<org>--<name>/{refs/<revision>,snapshots/<commit>}.
// Source: huggingface_hub `constants.py` and its guide "Understand caching". Our own cache has the same layout.
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Snapshot {
  readonly path: string;
  readonly commit: string;
}

const COMMIT = /^[0-9a-f]{40}$/;
/** The hub's rule for names, so that an id is always a safe path component. */
const HUB_ID = /^(?:[A-Za-z0-9_][\w.-]*\/)?[A-Za-z0-9_][\w.-]*$/;
const SAFE_REVISION = /^[\w][\w.+-]*(?:\/[\w][\w.+-]*)*$/;

export function isHubId(id: string): boolean {
  return HUB_ID.test(id) && id.length <= 96 && !id.includes('--') && !id.includes('..') && !id.endsWith('.git');
}

/** Whether a revision can be looked up: no empty, hidden or climbing path component. */
export function isRevision(revision: string): boolean {
  return SAFE_REVISION.test(revision) && !revision.split('/').includes('..') && revision.length <= 255;
}

export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}

/** HF_HUB_CACHE (formerly HUGGINGFACE_HUB_CACHE), else $HF_HOME/hub, else $XDG_CACHE_HOME/huggingface/hub. */
export function hubCacheDirectory(environment: Environment): string {
  const direct = environment['HF_HUB_CACHE'] ?? environment['HUGGINGFACE_HUB_CACHE'];
  return expandHome(direct ?? join(hubHome(environment), 'hub'), environment);
}

/** Where the hub keeps its settings: HF_HOME, else $XDG_CACHE_HOME/huggingface. */
export function hubHome(environment: Environment): string {
  return expandHome(environment['HF_HOME'] ?? join(cacheHome(environment), 'huggingface'), environment);
}

/** Our own cache of small files: $XDG_CACHE_HOME/megatron-to-hf/reference. */
export function ownCacheDirectory(environment: Environment): string {
  return join(cacheHome(environment), 'megatron-to-hf', 'reference');
}

export function repositoryDirectory(cache: string, id: string): string {
  return join(cache, `models--${id.replace('/', '--')}`);
}

/** The snapshot of `revision` (branch, tag or commit) in a cache, or null. */
export async function findSnapshot(cache: string, id: string, revision: string): Promise<Snapshot | null> {
  const repository = repositoryDirectory(cache, id);
  const commit = isCommit(revision) ? revision : await readReference(join(repository, 'refs', revision));
  if (commit === null) return null;
  const path = join(repository, 'snapshots', commit);
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() ? { path, commit } : null;
}

async function readReference(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  const commit = text?.trim() ?? '';
  return isCommit(commit) ? commit : null;
}

function cacheHome(environment: Environment): string {
  const home = environment['HOME'] ?? homedir();
  return expandHome(environment['XDG_CACHE_HOME'] || join(home, '.cache'), environment);
}

function expandHome(path: string, environment: Environment): string {
  return path === '~' || path.startsWith('~/') ? join(environment['HOME'] ?? homedir(), path.slice(1)) : path;
}
