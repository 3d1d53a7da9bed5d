// Fetch the small files of a hub repository into our own cache, and the names of its weights. Weights are never fetched.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { modelInfo } from '@huggingface/hub';
import type { ListFileEntry } from '@huggingface/hub';
import { fetchWeights } from './fetch-weights.ts';
import type { Environment, Snapshot } from './hub-cache.ts';
import { findSnapshot, isCommit, ownCacheDirectory, repositoryDirectory } from './hub-cache.ts';
import { hubAuthorization, hubEndpoint, hubFetch } from './hub-client.ts';
import { fetchFile, listEntries, type Repository } from './hub-repository.ts';
import { parseJsonObject } from './json-text.ts';
import { autoMapModules, MAPPED_FILES, pythonFiles } from './python-files.ts';
import { isSmallFile } from './select-files.ts';
import { readWeightsRecord, writeWeightsRecord } from './weights-record.ts';
import { writeWhole } from './write-whole.ts';

export interface FetchRequest {
  readonly id: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
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
  const send = hubFetch(hubUrl, await hubAuthorization(environment), signal);
  const { sha } = await modelInfo({ name: id, revision, additionalFields: ['sha'], hubUrl, fetch: send });
  if (!isCommit(sha)) throw new Error(`the hub named no commit for revision ${revision}`);
  const repository: Repository = { repo: { type: 'model', name: id }, revision: sha, hubUrl, fetch: send };
  const path = join(repositoryDirectory(cache, id), 'snapshots', sha);
  if (!(await findSnapshot(cache, id, sha))) await fetchSnapshot(repository, path, request);
  else if (!(await readWeightsRecord(path))) {
    // A snapshot of an earlier version, which kept no record.
    await recordWeights(repository, await listEntries(repository), path, request);
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
    await recordWeights(repository, entries, temporary, request);
    await rename(temporary, path).catch(async (error: unknown) => {
      // Another process brought the same commit meanwhile.
      if (!(await stat(path).catch(() => null))?.isDirectory()) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function recordWeights(
  repository: Repository,
  entries: ReadonlyMap<string, ListFileEntry>,
  directory: string,
  request: FetchRequest,
): Promise<void> {
  request.onProgress(`fetching ${request.id}: names of the weights`);
  await writeWeightsRecord(directory, await fetchWeights(repository, entries));
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
