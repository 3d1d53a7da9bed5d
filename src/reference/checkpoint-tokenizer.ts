// `tokenizer_source: checkpoint`: the tokenizer that the training run stored beside its weights.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseOutside } from '../files/allowed-roots.ts';
import { parseJsonObject } from './json-text.ts';
import { listSmallFiles } from './read-directory.ts';
import { hasTokenizer, isTokenizerFile } from './select-files.ts';

export interface CheckpointTokenizer {
  readonly path: string;
  readonly files: readonly string[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Read `<checkpoint>/tokenizer`. Code there is a problem: nobody reviewed it, and a checkpoint is data (design 11.4).
 * @throws ConversionError PolicyRefused for a file that a link leads out of `allowedRoots`.
 */
export async function readCheckpointTokenizer(
  checkpoint: string,
  allowedRoots: readonly string[],
): Promise<CheckpointTokenizer> {
  const path = join(checkpoint, 'tokenizer');
  const names = await readdir(path).catch(() => null);
  if (!names) return { path, files: [], problems: [`${path} does not exist`], warnings: [] };
  for (const name of names) await refuseOutside("the checkpoint's tokenizer file", join(path, name), allowedRoots);
  const warnings: string[] = [];
  const problems = names.filter((name) => name.endsWith('.py')).map((name) => `${join(path, name)} is code`);
  for (const name of names.filter((candidate) => candidate.endsWith('.json'))) {
    const problem = await autoMapProblem(join(path, name));
    if (problem) problems.push(problem);
  }
  const files = (await listSmallFiles(path, warnings)).filter((name) => isTokenizerFile(name));
  if (!hasTokenizer(files)) problems.push(`${path} holds no tokenizer.json, *.model, or vocab and merges`);
  return { path, files, problems, warnings };
}

/** How the checkpoint's tokenizer differs from the reference's, a sentence each. */
export async function compareTokenizers(
  reference: { readonly path: string; readonly files: readonly string[] },
  checkpoint: { readonly path: string; readonly files: readonly string[] },
): Promise<string[]> {
  const differences: string[] = [];
  const names = new Set([...reference.files.filter((name) => isTokenizerFile(name)), ...checkpoint.files]);
  for (const name of [...names].sort()) {
    if (!checkpoint.files.includes(name)) {
      differences.push(`the reference has ${name}, the checkpoint's tokenizer has not`);
    } else if (!reference.files.includes(name)) {
      differences.push(`the checkpoint's tokenizer has ${name}, the reference has not`);
    } else {
      const [ours, theirs] = [await readFile(join(checkpoint.path, name)), await readFile(join(reference.path, name))];
      if (!ours.equals(theirs))
        differences.push(`${name} differs between the checkpoint's tokenizer and the reference`);
    }
  }
  return differences;
}

async function autoMapProblem(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return 'auto_map' in parseJsonObject(text) ? `${path} has an auto_map, which would load code` : null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Lists are legal in some of these files; an object that does not parse is found by whoever loads it.
    return text.includes('"auto_map"') ? `${path} has an auto_map, which would load code` : null;
  }
}
