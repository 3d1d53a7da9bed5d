// One commit of a hub repository: what it holds, and its files, checked against the listing.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { downloadFile, listFiles } from '@huggingface/hub';
import type { ListFileEntry } from '@huggingface/hub';
import { formatBytes } from '../contract/units.ts';
import { MAX_FILE_BYTES } from './select-files.ts';

export interface Repository {
  readonly repo: { readonly type: 'model'; readonly name: string };
  /** A commit. */
  readonly revision: string;
  readonly hubUrl: string;
  readonly fetch: typeof fetch;
}

/** Files by path: those of the top folder, and the additional chat templates. */
export async function listEntries(repository: Repository): Promise<Map<string, ListFileEntry>> {
  const entries = new Map<string, ListFileEntry>();
  for await (const entry of listFiles(repository)) entries.set(entry.path, entry);
  const templates = 'additional_chat_templates';
  if (entries.get(templates)?.type === 'directory') {
    for await (const entry of listFiles({ ...repository, path: templates })) entries.set(entry.path, entry);
  }
  return new Map([...entries].filter(([, entry]) => entry.type === 'file'));
}

/** Brings a file into `directory`, under its path. @throws Error as `download`. */
export async function fetchFile(repository: Repository, entry: ListFileEntry, directory: string): Promise<Buffer> {
  const content = await download(repository, entry);
  const path = join(directory, entry.path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { flush: true });
  return content;
}

/** @throws Error of the hub, or when the file is larger than MAX_FILE_BYTES or differs from its listed size or digest. */
export async function download(repository: Repository, entry: ListFileEntry): Promise<Buffer> {
  if (entry.size > MAX_FILE_BYTES) {
    throw new Error(`${entry.path} has ${formatBytes(entry.size)}, more than ${formatBytes(MAX_FILE_BYTES)}`);
  }
  if (entry.size === 0) return Buffer.alloc(0);
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
