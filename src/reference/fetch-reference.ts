// Fetch the small files of a hub repository into our own cache. Weights are never fetched.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { downloadFile, listFiles, modelInfo } from '@huggingface/hub';
import type { ListFileEntry } from '@huggingface/hub';
import { formatBytes } from '../contract/units.ts';
import type { Environment, Snapshot } from './hub-cache.ts';
import { findSnapshot, isCommit, ownCacheDirectory, repositoryDirectory } from './hub-cache.ts';
import { hubEndpoint, hubFetch, hubToken } from './hub-client.ts';
import { parseJsonObject } from './json-text.ts';
import { autoMapModules, MAPPED_FILES, pythonFiles } from './python-files.ts';
import { isSmallFile, MAX_FILE_BYTES } from './select-files.ts';

export interface FetchRequest {
  readonly id: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
}

interface Repository {
  readonly repo: { readonly type: 'model'; readonly name: string };
  readonly revision: string;
  readonly hubUrl: string;
  readonly fetch: typeof fetch;
}

/**
 * Resolve `revision` to a commit and bring that commit's small files here; a commit that is here already is not fetched again.
 * The snapshot appears by one rename, so that it is whole or absent.
 * @throws Error of the hub, or when a file is too large or differs from its listed digest.
 */
export async function fetchReference(request: FetchRequest): Promise<Snapshot> {
  const { id, revision, environment, signal } = request;
  const cache = ownCacheDirectory(environment);
  const hubUrl = hubEndpoint(environment);
  const send = hubFetch(hubUrl, await hubToken(environment), signal);
  const { sha } = await modelInfo({ name: id, revision, additionalFields: ['sha'], hubUrl, fetch: send });
  if (!isCommit(sha)) throw new Error(`the hub named no commit for revision ${revision}`);
  const known = await findSnapshot(cache, id, sha);
  const path = join(repositoryDirectory(cache, id), 'snapshots', sha);
  if (!known) {
    const repository: Repository = { repo: { type: 'model', name: id }, revision: sha, hubUrl, fetch: send };
    await fetchSnapshot(repository, path, request);
  }
  if (!isCommit(revision)) await writeWhole(join(repositoryDirectory(cache, id), 'refs', revision), sha);
  return { path, commit: sha };
}

async function fetchSnapshot(repository: Repository, path: string, request: FetchRequest): Promise<void> {
  const entries = await listEntries(repository);
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  await mkdir(temporary, { recursive: true });
  try {
    const small = [...entries.values()].filter((entry) => isSmallFile(entry.path));
    for (const [index, entry] of small.entries()) {
      request.onProgress(`fetching ${request.id}: ${entry.path} (${index + 1} of ${small.length})`);
      await fetchFile(repository, entry, temporary);
    }
    await fetchCode(repository, entries, temporary);
    await rename(temporary, path).catch(async (error: unknown) => {
      // Another process brought the same commit meanwhile.
      if (!(await stat(path).catch(() => null))?.isDirectory()) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function listEntries(repository: Repository): Promise<Map<string, ListFileEntry>> {
  const entries = new Map<string, ListFileEntry>();
  for await (const entry of listFiles(repository)) entries.set(entry.path, entry);
  const templates = 'additional_chat_templates';
  if (entries.get(templates)?.type === 'directory') {
    for await (const entry of listFiles({ ...repository, path: templates })) entries.set(entry.path, entry);
  }
  return new Map([...entries].filter(([, entry]) => entry.type === 'file'));
}

async function fetchCode(
  repository: Repository,
  entries: ReadonlyMap<string, ListFileEntry>,
  directory: string,
): Promise<void> {
  const modules = new Set<string>();
  for (const name of MAPPED_FILES) {
    if (!entries.has(name)) continue;
    const config = parseJsonObject(await readFile(join(directory, name), 'utf8'));
    for (const module of autoMapModules(config).local) modules.add(module);
  }
  await pythonFiles([...modules], async (name) => {
    const entry = entries.get(name);
    return entry ? (await fetchFile(repository, entry, directory)).toString('utf8') : null;
  });
}

async function fetchFile(repository: Repository, entry: ListFileEntry, directory: string): Promise<Buffer> {
  if (entry.size > MAX_FILE_BYTES) {
    throw new Error(`${entry.path} has ${formatBytes(entry.size)}, more than ${formatBytes(MAX_FILE_BYTES)}`);
  }
  const content = entry.size === 0 ? Buffer.alloc(0) : await download(repository, entry);
  const path = join(directory, entry.path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { flush: true });
  return content;
}

async function download(repository: Repository, entry: ListFileEntry): Promise<Buffer> {
  const blob = await downloadFile({ ...repository, path: entry.path, xet: false });
  if (!blob) throw new Error(`${entry.path} is listed, but cannot be downloaded`);
  if (blob.size !== entry.size) {
    throw new Error(`${entry.path} has ${blob.size} bytes, but is listed with ${entry.size}`);
  }
  const content = Buffer.from(await blob.arrayBuffer());
  if (content.length !== entry.size || !hasListedDigest(content, entry)) {
    throw new Error(`${entry.path} was damaged on its way: its digest is not the listed one`);
  }
  return content;
}

/** Large files are listed with their SHA-256, others with their git object id. */
function hasListedDigest(content: Buffer, entry: ListFileEntry): boolean {
  if (entry.lfs) return createHash('sha256').update(content).digest('hex') === entry.lfs.oid;
  if (entry.oid === undefined) return true;
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex') === entry.oid;
}

async function writeWhole(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  await writeFile(temporary, content, { flush: true });
  await rename(temporary, path);
}
