// The names of the weights in a hub repository: from the index, else from the header of the single file. Weights are never fetched.
import type { ListFileEntry } from '@huggingface/hub';
import { formatBytes } from '../contract/units.ts';
import { parseHeader, parseHeaderLength } from '../safetensors/parse-header.ts';
import { INDEX_FILE } from '../safetensors/read-index.ts';
import type { Header } from '../safetensors/types.ts';
import { download, type Repository } from './hub-repository.ts';
import { MAX_FILE_BYTES } from './select-files.ts';
import {
  describeHeaderError,
  describeUnread,
  readWeightMap,
  SINGLE_FILE,
  weightsOfHeaders,
  weightsOfIndex,
} from './weight-files.ts';
import type { WeightsRead } from './weights-record.ts';

/**
 * With an index names are enough: the headers of a hundred shards would be a hundred requests. Damage in the repository is a warning.
 * @throws Error of the hub, as for any other file
 */
export async function fetchWeights(
  repository: Repository,
  entries: ReadonlyMap<string, ListFileEntry>,
): Promise<WeightsRead> {
  const [index, single] = [entries.get(INDEX_FILE), entries.get(SINGLE_FILE)];
  if (index) return fetchIndex(repository, index);
  if (!single) return { weights: null, warnings: [] };
  const header = await fetchHeader(repository, single);
  if (typeof header === 'string') return { weights: null, warnings: describeUnread([header]) };
  return { weights: weightsOfHeaders(new Map([[SINGLE_FILE, header]])), warnings: [] };
}

async function fetchIndex(repository: Repository, entry: ListFileEntry): Promise<WeightsRead> {
  if (entry.size > MAX_FILE_BYTES) {
    return { weights: null, warnings: describeUnread([describeSize(`${INDEX_FILE} has`, entry.size)]) };
  }
  const weightMap = readWeightMap((await download(repository, entry)).toString('utf8'));
  if (typeof weightMap === 'string') return { weights: null, warnings: describeUnread([weightMap]) };
  return { weights: weightsOfIndex(weightMap, new Map()), warnings: [] };
}

/** The header, or a sentence about why there is none. */
async function fetchHeader(repository: Repository, { path, size }: ListFileEntry): Promise<Header | string> {
  const start = await fetchRange(repository, path, 0, Math.min(8, size));
  if (typeof start === 'string') return start;
  try {
    const length = parseHeaderLength(start, size);
    if (length > MAX_FILE_BYTES) return describeSize(`the header of ${path} has`, length);
    const text = await fetchRange(repository, path, start.length, length);
    return typeof text === 'string' ? text : parseHeader(Buffer.concat([start, text]), size);
  } catch (error) {
    return describeHeaderError(path, error);
  }
}

/**
 * `length` bytes from `first` on, or a sentence where the server would send the whole file instead.
 * @throws Error where it refuses, or sends fewer bytes
 */
async function fetchRange(
  { repo, revision, hubUrl, fetch: send }: Repository,
  path: string,
  first: number,
  length: number,
): Promise<Buffer | string> {
  if (length === 0) return Buffer.alloc(0);
  const url = `${hubUrl}/${repo.name}/resolve/${revision}/${path}`;
  const response = await send(url, { headers: { Range: `bytes=${first}-${first + length - 1}` } });
  if (response.status !== 206) await response.body?.cancel();
  if (response.status === 200) return `the hub sends no part of ${path}`;
  if (response.status !== 206) throw new Error(`${path}: the hub answered ${response.status} for its header`);
  return readBytes(response, length, path);
}

/** Stops after `length` bytes, whatever is sent. */
async function readBytes(response: Response, length: number, path: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= length) break;
  }
  if (bytes < length) throw new Error(`${path}: the hub sent ${bytes} of ${length} bytes of its header`);
  return Buffer.concat(pieces, bytes).subarray(0, length);
}

function describeSize(what: string, bytes: number): string {
  return `${what} ${formatBytes(bytes)}, more than ${formatBytes(MAX_FILE_BYTES)}`;
}
