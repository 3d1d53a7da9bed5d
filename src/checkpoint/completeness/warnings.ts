// What is unusual about a complete checkpoint, for the manifest. Pure.
import { count } from './describe.ts';
import type { Generations } from './generations.ts';
import type { Look } from './types.ts';

export function findWarnings(look: Look, generations: Generations): string[] {
  const warnings: string[] = [];
  const files = look.checkpoint?.files ?? new Map<string, number>();
  if (generations.kind === 'copied') {
    warnings.push(
      'Shards are younger than .metadata, as after git clone, cp -r or a restore: file times cannot show whether they are of one save.',
    );
  }
  if (generations.kind === 'mixed') {
    warnings.push(
      `${count(generations.younger.length, 'shard')} younger than .metadata accepted, since allow_ambiguous_generations is set: ${generations.younger.slice(0, 20).join(', ')}.`,
    );
  }
  const strays = look.entries
    .filter(({ name }) => name.endsWith('.distcp') && !files.has(name))
    .map(({ name }) => name);
  if (strays.length > 0) {
    warnings.push(
      `${count(strays.length, 'shard')} that .metadata does not name, ignored: ${strays.slice(0, 20).join(', ')}.`,
    );
  }
  const long = look.entries.filter(({ name, size }) => size > (files.get(name) ?? Infinity)).map(({ name }) => name);
  if (long.length > 0)
    warnings.push(`${count(long.length, 'shard')} longer than the items in it: ${long.slice(0, 20).join(', ')}.`);
  if (look.entries.some(({ name }) => name === '.metadata.tmp')) {
    warnings.push('.metadata.tmp is left over: a later save into this directory died before it finished.');
  }
  for (const name of look.cutOff) warnings.push(`${name} does not end with a line end: it may have been cut off.`);
  if (look.metadataJson.state === 'read' && look.metadataJson.version !== 1) {
    warnings.push(`metadata.json has torch_dist version ${look.metadataJson.version}; version 1 is known.`);
  }
  return warnings;
}
