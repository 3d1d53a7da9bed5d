// From the name of a configuration to its file.
import { existsSync, readdirSync } from 'node:fs';
import { basename, extname, isAbsolute, join, resolve } from 'node:path';
import { ConversionError } from '../contract/index.ts';
import { packageConfigFolder } from './package-root.ts';
import { closest } from './suggest.ts';

/**
 * A name with `/` or ending in `.yaml` or `.yml` is a path; any other is looked up in `folders`, then in the package's `config/`, then in `./config`.
 * @throws ConversionError InvalidInput naming what exists.
 */
export function findConfig(name: string, cwd: string, folders: readonly string[] = []): string {
  if (name === '')
    throw new ConversionError('InvalidInput', 'the name of the configuration is empty: -c NAME or -c PATH');
  if (name.includes('/') || /\.ya?ml$/.test(name)) {
    // A parent such as `default.yaml` lies beside its child in the step's folder; here it ships with the package.
    const shipped = folders.length > 0 && !name.includes('/') ? [packageConfigFolder()] : [];
    const bases = isAbsolute(name) ? ['/'] : [...folders, cwd, ...shipped];
    const paths = bases.map((base) => resolve(base, name));
    // As in the step, a path may leave the extension out.
    const found = paths.flatMap((path) => [path, `${path}.yaml`, `${path}.yml`]).find((path) => existsSync(path));
    if (found !== undefined) return found;
    const short = basename(name, extname(name));
    const meant = searchedFolders(cwd, folders).flatMap(namesIn).includes(short)
      ? `. It is called ${short}: -c ${short}`
      : '';
    throw new ConversionError('InvalidInput', `configuration not found: ${paths.join(', ')}${meant}`);
  }
  const searched = searchedFolders(cwd, folders);
  for (const folder of searched) {
    for (const extension of ['.yaml', '.yml']) {
      const path = join(folder, name + extension);
      if (existsSync(path)) return path;
    }
  }
  const known = [...new Set(searched.flatMap(namesIn))];
  const guess = closest(name, known);
  throw new ConversionError(
    'InvalidInput',
    `no configuration is called ${name}${guess === null ? '' : `; did you mean ${guess}?`}` +
      `${guess === null ? '.' : ''} Looked in ${searched.join(', ')}, which have: ${known.join(', ') || 'none'}. A path must contain a slash.`,
  );
}

const searchedFolders = (cwd: string, folders: readonly string[]): string[] => [
  ...new Set([...folders, packageConfigFolder(), join(cwd, 'config')]),
];

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => /\.ya?ml$/.test(file) && file !== 'worker.yaml')
    .map((file) => basename(file, extname(file)));
}
