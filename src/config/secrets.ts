// Which values are secrets, by the words of their key: `hf_token` and `API-KEY` are, `tokenizer` and `max_new_tokens` are not.
import type { Leaves } from './leaf.ts';
import { OWN_SECTION } from './step-parameters.ts';

/** What is shown instead of a secret. */
export const MASK = '******';

const WORDS = new Set(
  'key token secret password passwd credential keys secrets passwords credentials apikey'.split(' '),
);

/** Whether one whole word of the name says so; words end at anything but letters and digits, and at a capital after a small letter. */
export function isSecretName(name: string): boolean {
  return name.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/).some((word) => WORDS.has(word.toLowerCase()));
}

/** A copy in which every value under a secret name is masked, whatever lies below it. Null stays: there is no secret. */
export function maskSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]: [string, unknown]) => [
      key,
      isSecretName(key) && child !== null ? MASK : maskSecrets(child),
    ]),
  );
}

/** Masks the values in words of a command line: `hf_token=abc`, `--hf-token=abc`, `--hf-token abc`. */
export function maskWords(words: readonly string[]): string[] {
  return words.map((word, index) => {
    const equals = word.indexOf('=');
    if (equals > 0 && isSecretName(word.slice(0, equals))) return word.slice(0, equals + 1) + MASK;
    const before = words[index - 1] ?? '';
    const isValue = before.startsWith('--') && !before.includes('=') && !word.startsWith('-') && !word.includes('=');
    return isValue && isSecretName(before) ? MASK : word;
  });
}

/** Masks the values that were made of a secret environment variable, whatever their parameter is called. */
export function maskPaths(
  config: Record<string, unknown>,
  paths: ReadonlySet<string>,
  prefix = '',
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      const path = prefix + key;
      if (paths.has(path)) return [key, MASK];
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return [key, value];
      return [key, maskPaths(value as Record<string, unknown>, paths, path === OWN_SECTION ? '' : `${path}.`)];
    }),
  );
}

/** Paths of the leaves that were made of a variable with a secret name. */
export function secretPaths(leaves: Leaves): Set<string> {
  return new Set([...leaves].filter(([, leaf]) => leaf.environment.some(isSecretName)).map(([path]) => path));
}
