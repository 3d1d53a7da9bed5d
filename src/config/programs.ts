// Where torchrun and Python are when the operator has not said.
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { findPackageRoot } from './package-root.ts';

/** `.venv/bin/<name>` of the package or of the current directory, else the name itself, for PATH to find. */
export function findProgram(name: string, fromPath: string, cwd: string): string {
  for (const folder of [findPackageRoot(), cwd]) {
    const program = join(folder, '.venv', 'bin', name);
    if (isExecutable(program)) return program;
  }
  return fromPath;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
