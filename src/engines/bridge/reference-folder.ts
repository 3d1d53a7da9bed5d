// The folder that a converter gets as `--hf-model`: the reference at its pinned commit, offline, with an index of our own.
import { copyFile, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findOutside } from '../../files/allowed-roots.ts';
import { isMissing } from '../../files/error-code.ts';
import type { Reference } from '../../reference/types.ts';
import { INDEX_FILE } from '../../safetensors/read-index.ts';

/**
 * Small files are copied. The index says which file each tensor goes into: converters write the files of their reference's index
 * (megatron/bridge/models/hf_pretrained/state.py, `save_generator`). The reference's own weights are linked where they are here and
 * below the allowed roots: a few models need some of them to export others.
 */
export async function writeReferenceFolder(
  folder: string,
  reference: Reference,
  weightMap: Readonly<Record<string, string>>,
  roots: readonly string[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const config = reference.synthesis
    ? Buffer.from(reference.synthesis.text)
    : await readFile(join(reference.path, 'config.json'));
  await writeFile(join(folder, 'config.json'), config);
  for (const name of reference.files) await copyInto(folder, reference.path, name);
  for (const name of reference.tokenizer?.files ?? []) await copyInto(folder, reference.tokenizer?.path ?? '', name);
  for (const name of await listWeights(reference.path)) {
    const path = join(reference.path, name);
    if ((await findOutside('the reference file', path, roots)) === null) await symlink(path, join(folder, name));
  }
  await writeFile(join(folder, INDEX_FILE), JSON.stringify({ metadata: {}, weight_map: weightMap }));
}

async function copyInto(folder: string, from: string, name: string): Promise<void> {
  const target = join(folder, name);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(join(from, name), target);
}

async function listWeights(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const found = names.filter((name) => name.endsWith('.safetensors'));
  const kinds = await Promise.all(found.map(async (name) => !(await lstat(join(directory, name))).isDirectory()));
  return found.filter((_, index) => kinds[index]);
}
