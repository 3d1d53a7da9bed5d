// Which files of a repository hold the weights that transformers loads, and names and shapes out of them.
import { ZodError } from 'zod';
import { INDEX_FILE, parseIndex } from '../safetensors/read-index.ts';
import { type Header, HeaderError } from '../safetensors/types.ts';
import type { ReferenceWeights, StoredTensor } from './types.ts';

/** `SAFE_WEIGHTS_NAME` of transformers (utils/__init__.py). */
export const SINGLE_FILE = 'model.safetensors';
const SHARD = /^model-\d{5,6}-of-\d{5,6}\.safetensors$/;

/** Files with weights, where there is no index: the single file, else every shard. Adapters and other frameworks' files have other names. */
export function selectWeightFiles(names: readonly string[]): readonly string[] {
  return names.includes(SINGLE_FILE) ? [SINGLE_FILE] : names.filter((name) => SHARD.test(name)).sort();
}

/** The weights of an index whose file headers may be known. */
export function weightsOfIndex(
  weightMap: Readonly<Record<string, string>>,
  headers: ReadonlyMap<string, Header>,
): ReferenceWeights {
  const tensors = Object.entries(weightMap).map(
    ([name, file]) => [name, storedTensor(headers.get(file)?.tensors.get(name))] as const,
  );
  return { source: INDEX_FILE, tensors: new Map(tensors), files: new Map(Object.entries(weightMap)) };
}

/** The weights of files without an index. */
export function weightsOfHeaders(headers: ReadonlyMap<string, Header>): ReferenceWeights {
  const tensors = [...headers.values()].flatMap((header) =>
    [...header.tensors].map(([name, info]) => [name, storedTensor(info)] as const),
  );
  return { source: `the header of ${[...headers.keys()].join(', ')}`, tensors: new Map(tensors) };
}

/** The weight map of an index text, or a sentence about what is wrong with it. */
export function readWeightMap(text: string): Readonly<Record<string, string>> | string {
  try {
    return parseIndex(text).weight_map;
  } catch (error) {
    if (error instanceof SyntaxError) return `${INDEX_FILE} does not parse: ${error.message}`;
    if (error instanceof ZodError) return `${INDEX_FILE} is no index: ${describeIssue(error)}`;
    throw error;
  }
}

function describeIssue({ issues: [first] }: ZodError): string {
  return first ? `${first.path.join('.')}: ${first.message}` : 'unknown';
}

/** One sentence about headers that could not be read, for any number of files. */
export function describeUnread(problems: readonly string[]): readonly string[] {
  const [first] = problems;
  if (first === undefined) return [];
  const others = problems.length > 1 ? ` (and ${problems.length - 1} more files)` : '';
  return [`names, shapes or dtypes of the reference's weights are not compared: ${first}${others}`];
}

/** What is wrong with a file, if the error says so. @throws the error if it is of another kind. */
export function describeHeaderError(name: string, error: unknown): string {
  if (error instanceof HeaderError) return `${name} is no valid safetensors file: ${error.message}`;
  throw error;
}

function storedTensor(info: StoredTensor | undefined): StoredTensor | null {
  return info ? { dtype: info.dtype, shape: info.shape } : null;
}
