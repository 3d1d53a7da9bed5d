// Where this package lies: the folder with package.json, whether it runs from src/ or from dist/.
import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** @throws Error where no package.json stands above this file: a broken installation. */
export function findPackageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
}

/** Folder of the configurations that ship with the package. */
export function packageConfigFolder(): string {
  return join(findPackageRoot(), 'config');
}

/** Whether a file is one of those that ship with the package: its values are defaults, not a person's choice. */
export function isPackageConfig(file: string): boolean {
  return file.startsWith(packageConfigFolder() + sep);
}
