// What somebody put into a published export since: files that a loader reads make another model of it. Pure.
import { isTokenizerFile } from '../reference/select-files.ts';
import type { Manifest } from './manifest.ts';

/** Beside those of the tokenizer. `model.safetensors` wins over an index, and adapters are applied unasked. */
const LOADED =
  /\.safetensors$|\.index\.json$|^(?:pytorch_model|adapter_model|consolidated).*\.(?:bin|pth?)$|^(?:generation|adapter|preprocessor|processor)_config\.json$/;

/**
 * A sentence for each file that the manifest does not know and that a loader would read. Anything else that people keep beside a model,
 * such as a README, does no harm.
 *
 * @param entries of the directory; names of directories end with a slash
 */
export function addedFiles(entries: readonly string[], { files }: Pick<Manifest, 'files'>): string[] {
  const known = new Set(files.map(({ name }) => name));
  return entries
    .filter((name) => !known.has(name) && (LOADED.test(name) || isTokenizerFile(name)))
    .map((name) => `${name} was added since, and a loader would read it`);
}
