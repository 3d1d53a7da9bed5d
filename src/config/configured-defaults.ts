// What `config/default.yaml` of the package says: the defaults of the command line on top of those of the schema.
import { join } from 'node:path';
import { MANDATORY } from './leaf.ts';
import { packageConfigFolder } from './package-root.ts';
import { readYaml } from './read-yaml.ts';

/** By path, with interpolations as they stand there. Without what it leaves to the user. */
export async function configuredDefaults(): Promise<ReadonlyMap<string, unknown>> {
  const { leaves } = await readYaml(join(packageConfigFolder(), 'default.yaml'), 'package');
  return new Map([...leaves].filter(([, { value }]) => value !== MANDATORY).map(([path, { value }]) => [path, value]));
}
