// What is where at the place of a profile: Node, this package, torchrun.
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Profile } from '../contract/profiles.ts';
import type { Programs } from '../launch/rank-command.ts';

export interface Place {
  /** Node with leading arguments. */
  readonly node: readonly [string, ...string[]];
  /** torchrun with leading arguments. */
  readonly torchrun: readonly string[];
  /** Whether the ranks are children of this process: they hold a pipe to it, and print progress. */
  readonly isHere: boolean;
  /** The path there of a file of this package. */
  readonly inPackage: (path: string) => string;
}

export function describePlace(profile: Profile, programs: Programs): Place {
  const torchrun = profile.torchrun ?? programs.torchrun;
  if (profile.executor === 'local') {
    return { node: [process.execPath], torchrun, isHere: true, inPackage: (path) => path };
  }
  const [file = process.execPath, ...options] = profile.node ?? [];
  const root = profile.package_root ?? null;
  return {
    node: [file, ...options],
    torchrun,
    isHere: false,
    inPackage: (path) => (root === null ? path : join(root, relative(packageRoot(), path))),
  };
}

function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}
