// What a path given to `diff` is: a checkpoint, or which safetensors files of an export.
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import { errorCode } from '../files/error-code.ts';
import { INDEX_FILE, readIndex } from '../safetensors/read-index.ts';

export interface ExportFiles {
  readonly kind: 'export';
  readonly path: string;
  readonly directory: string;
  /** Names in `directory`, sorted. */
  readonly files: readonly string[];
  /** Tensor name -> file, or null without an index. */
  readonly weightMap: Readonly<Record<string, string>> | null;
}

export interface CheckpointDirectory {
  readonly kind: 'checkpoint';
  readonly path: string;
}

/** @throws ConversionError InvalidInput for a path that is neither, saying what was found and what to name instead. */
export async function listFiles(path: string): Promise<ExportFiles | CheckpointDirectory> {
  const found = await stat(path).catch((error: unknown) => {
    throw refuse(`cannot be examined: ${errorCode(error) ?? String(error)}. Name a directory or file on this machine.`);
  });
  if (found.isFile()) return listOneFile(path);
  if (!found.isDirectory()) throw refuse('is neither a directory nor a file');
  const names = (await readdir(path)).sort();
  if (names.includes('.metadata') || names.some((name) => name.endsWith('.distcp')))
    return { kind: 'checkpoint', path };
  if (names.includes(INDEX_FILE)) return listIndexed(path);
  const files = names.filter((name) => /^model.*\.safetensors$/.test(name));
  if (files.length > 0) return { kind: 'export', path, directory: path, files, weightMap: null };
  throw refuse(describeOther(path, names));
}

function listOneFile(path: string): ExportFiles {
  const name = basename(path);
  if (name === INDEX_FILE) throw refuse(`is an index. Name its directory: ${dirname(path)}`);
  if (!name.endsWith('.safetensors')) throw refuse('is not a .safetensors file');
  return { kind: 'export', path, directory: dirname(path), files: [name], weightMap: null };
}

async function listIndexed(path: string): Promise<ExportFiles> {
  try {
    const weightMap: Readonly<Record<string, string>> = (await readIndex(path))?.weight_map ?? {};
    const files = [...new Set(Object.values(weightMap))].sort();
    return { kind: 'export', path, directory: path, files, weightMap };
  } catch (error) {
    if (!(error instanceof Error) || errorCode(error) !== null) throw error;
    throw refuse(
      `has a ${INDEX_FILE} that cannot be read (${error.name}): export again, or name one .safetensors file`,
    );
  }
}

function describeOther(path: string, names: readonly string[]): string {
  const nothing = 'holds neither .metadata (a Megatron checkpoint) nor model*.safetensors (an export)';
  const iteration = names.findLast((name) => /^iter_\d+$/.test(name));
  if (iteration !== undefined) return `${nothing}. Name one iteration, for example ${join(path, iteration)}`;
  const other = names.find((name) => name.endsWith('.safetensors'));
  if (other !== undefined) return `${nothing}. Name a file to compare, for example ${join(path, other)}`;
  const pickled = names.find((name) => name.endsWith('.bin'));
  if (pickled !== undefined) return `${nothing}; ${pickled} is a pickle, which is not read`;
  return `${nothing}. It begins with: ${names.slice(0, 5).join(', ') || 'nothing'}`;
}

function refuse(problem: string): ConversionError {
  return new ConversionError('InvalidInput', problem, { problems: [problem] });
}
