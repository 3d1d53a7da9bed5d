// What a converter left in its output folder: headers of the weight files, and its own index.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, isMissing } from '../../files/error-code.ts';
import { readHeader } from '../../safetensors/read-header.ts';
import { INDEX_FILE, readIndex } from '../../safetensors/read-index.ts';
import { type Header, HeaderError } from '../../safetensors/types.ts';

export interface ConverterOutput {
  /** By file name, in the order of the names. */
  readonly headers: ReadonlyMap<string, Header>;
  /** Null where it wrote none. */
  readonly weightMap: Readonly<Record<string, string>> | null;
  /** Sentences about files that cannot be used. */
  readonly problems: readonly string[];
}

export async function readOutput(folder: string): Promise<ConverterOutput> {
  const headers = new Map<string, Header>();
  const problems: string[] = [];
  for (const name of await listWeights(folder)) {
    try {
      headers.set(name, await readHeader(join(folder, name)));
    } catch (error) {
      if (!(error instanceof HeaderError)) throw error;
      problems.push(`${name}: ${error.message}`);
    }
  }
  return { headers, weightMap: await readWeightMap(folder, problems), problems };
}

async function listWeights(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  // A link could lead anywhere, and would be moved as a link.
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.safetensors'))
    .map(({ name }) => name)
    .sort();
}

async function readWeightMap(folder: string, problems: string[]): Promise<ConverterOutput['weightMap']> {
  try {
    return (await readIndex(folder))?.weight_map ?? null;
  } catch (error) {
    if (errorCode(error) !== null) throw error;
    problems.push(`${INDEX_FILE}: not readable (${error instanceof Error ? error.message : String(error)})`);
    return null;
  }
}
