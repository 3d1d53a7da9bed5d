// `defaults:` inheritance: a file's parents come first, in their order, then the file itself.
import { dirname } from 'node:path';
import { ConversionError } from '../contract/index.ts';
import { findConfig } from './find-config.ts';
import { mergeLeaves, type Leaves } from './leaf.ts';
import { isPackageConfig } from './package-root.ts';
import { readYaml } from './read-yaml.ts';

export interface Inherited {
  readonly leaves: Leaves;
  /** Every file that took part, the most basic first. */
  readonly files: readonly string[];
  /** What `adopt` refused. */
  readonly problems: readonly string[];
}

/** What to make of the leaves of one file before they are merged with those of others. */
export type Adopt = (leaves: Leaves) => { readonly leaves: Leaves; readonly problems: readonly string[] };

const asTheyAre: Adopt = (leaves) => ({ leaves, problems: [] });

/** Reads `file` and all it builds on. A parent is looked up beside its child first. @throws ConversionError InvalidInput for a cycle, naming the chain. */
export async function readWithParents(
  file: string,
  cwd: string,
  adopt: Adopt = asTheyAre,
  chain: readonly string[] = [],
): Promise<Inherited> {
  if (chain.includes(file)) {
    throw new ConversionError(
      'InvalidInput',
      `the defaults of the configurations form a cycle: ${[...chain.slice(chain.indexOf(file)), file].join(' -> ')}`,
    );
  }
  const own = await readYaml(file, isPackageConfig(file) ? 'package' : 'file');
  const layers: Leaves[] = [];
  const files: string[] = [];
  const problems: string[] = [];
  for (const name of own.defaults) {
    const parent = await readWithParents(findConfig(name, cwd, [dirname(file)]), cwd, adopt, [...chain, file]);
    layers.push(parent.leaves);
    files.push(...parent.files);
    problems.push(...parent.problems);
  }
  const adopted = adopt(own.leaves);
  return {
    leaves: mergeLeaves([...layers, adopted.leaves]),
    files: [...new Set([...files, file])],
    problems: [...new Set([...problems, ...adopted.problems])],
  };
}
