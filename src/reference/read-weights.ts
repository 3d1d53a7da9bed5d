// The names of the weights in a local directory, with their dtypes and shapes where the files are here. Only headers are read.
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../contract/units.ts';
import { findOutside } from '../files/allowed-roots.ts';
import { errorCode, isMissing } from '../files/error-code.ts';
import { readHeader } from '../safetensors/read-header.ts';
import { INDEX_FILE } from '../safetensors/read-index.ts';
import type { Header } from '../safetensors/types.ts';
import { MAX_FILE_BYTES } from './select-files.ts';
import {
  describeHeaderError,
  describeUnread,
  readWeightMap,
  selectWeightFiles,
  weightsOfHeaders,
  weightsOfIndex,
} from './weight-files.ts';
import { readWeightsRecord, type WeightsRead } from './weights-record.ts';

/**
 * A directory with an index names its tensors even where the files are elsewhere; without one, the headers do. What cannot be read
 * is a warning and never an error: the config says which tensors there are, too.
 * @param roots where links of the directory may lead; null: anywhere, as in the hub cache
 */
export async function readWeights(directory: string, roots: readonly string[] | null): Promise<WeightsRead> {
  const recorded = await readWeightsRecord(directory);
  if (recorded) return recorded;
  const problems: string[] = [];
  const text = await readIndexText(directory, roots, problems);
  if (problems.length > 0) return { weights: null, warnings: describeUnread(problems) };
  if (text === null) return readFiles(directory, roots);
  const weightMap = readWeightMap(text);
  if (typeof weightMap === 'string') return { weights: null, warnings: describeUnread([weightMap]) };
  const headers = await readHeaders(directory, [...new Set(Object.values(weightMap))], roots, problems);
  return { weights: weightsOfIndex(weightMap, headers), warnings: describeUnread(problems) };
}

/** Without an index every header is needed, or names would seem to be missing. */
async function readFiles(directory: string, roots: readonly string[] | null): Promise<WeightsRead> {
  const problems: string[] = [];
  const files = selectWeightFiles(await readdir(directory));
  const headers = await readHeaders(directory, files, roots, problems);
  const whole = files.length > 0 && headers.size === files.length;
  return { weights: whole ? weightsOfHeaders(headers) : null, warnings: describeUnread(problems) };
}

async function readIndexText(
  directory: string,
  roots: readonly string[] | null,
  problems: string[],
): Promise<string | null> {
  const path = join(directory, INDEX_FILE);
  try {
    const { size } = await stat(path);
    const outside = roots && (await findOutside('the reference file', path, roots));
    if (outside !== null) problems.push(outside);
    else if (size > MAX_FILE_BYTES) {
      problems.push(`${INDEX_FILE} has ${formatBytes(size)}, more than ${formatBytes(MAX_FILE_BYTES)}`);
    } else return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    problems.push(describeReadError(INDEX_FILE, error));
  }
  return null;
}

async function readHeaders(
  directory: string,
  files: readonly string[],
  roots: readonly string[] | null,
  problems: string[],
): Promise<ReadonlyMap<string, Header>> {
  const headers = new Map<string, Header>();
  for (const name of files) {
    const path = join(directory, name);
    try {
      const outside = roots && (await findOutside('the reference file', path, roots));
      if (outside === null) headers.set(name, await readHeader(path));
      else problems.push(outside);
    } catch (error) {
      if (!isMissing(error)) problems.push(describeReadError(name, error));
    }
  }
  return headers;
}

function describeReadError(name: string, error: unknown): string {
  const code = errorCode(error);
  return code === null ? describeHeaderError(name, error) : `${name} cannot be read (${code})`;
}
