// Reads one configuration file into leaves with their lines.
import { readFile } from 'node:fs/promises';
import { isMap, isNode, isScalar, type LineCounter, type YAMLMap } from 'yaml';
import { ConversionError } from '../contract/index.ts';
import { setLeaf, type Leaf, type Leaves, type Origin } from './leaf.ts';
import { parseYaml, plainText } from './yaml-values.ts';

export interface ConfigFile {
  readonly file: string;
  readonly leaves: Leaves;
  /** Names of the files this one builds on, in their order. */
  readonly defaults: readonly string[];
}

interface Place {
  readonly file: string;
  readonly kind: 'package' | 'file';
  readonly lines: LineCounter;
}

/** @throws ConversionError InvalidInput with file and line for anything that is not one mapping of keys to values. */
export async function readYaml(file: string, kind: 'package' | 'file'): Promise<ConfigFile> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConversionError('InvalidInput', `cannot read the configuration ${file}: ${String(error)}`);
  });
  const { document, lines } = parseYaml(text);
  const problems = document.errors.map(
    (error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0] ?? 'not YAML'}`,
  );
  if (problems.length > 0) throw new ConversionError('InvalidInput', problems.join('\n'), { problems });

  const leaves: Leaves = new Map();
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return { file, leaves, defaults: [] };
  if (!isMap(contents)) {
    throw new ConversionError('InvalidInput', `${file}: expected a mapping of parameters to values`);
  }
  const place: Place = { file, kind, lines };
  const inherited = contents.get('defaults', true);
  contents.delete('defaults');
  collect(contents, '', place, leaves);
  return { file, leaves, defaults: readDefaults(inherited, place) };
}

function collect(map: YAMLMap, prefix: string, place: Place, leaves: Leaves): void {
  for (const pair of map.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const path = prefix + key;
    if (isMap(pair.value) && pair.value.items.length > 0) collect(pair.value, `${path}.`, place, leaves);
    else setLeaf(leaves, path, leafOf(pair.value, originOf(pair.key, place)));
  }
}

function leafOf(node: unknown, origin: Origin): Leaf {
  const value: unknown = isNode(node) ? node.toJSON() : node;
  return { value, text: plainText(node), origin, environment: [] };
}

function originOf(node: unknown, place: Place): Origin {
  const position = isNode(node) ? node.range?.[0] : undefined;
  return { kind: place.kind, file: place.file, line: position === undefined ? 1 : place.lines.linePos(position).line };
}

/** `defaults: base` or a list of names; `_self_` is Hydra's and means nothing here, as in the step. */
function readDefaults(node: unknown, place: Place): string[] {
  const value: unknown = isNode(node) ? node.toJSON() : node;
  if (value === undefined || value === null) return [];
  const names: unknown[] = Array.isArray(value) ? value : [value];
  if (!names.every((name) => typeof name === 'string')) {
    const { line } = originOf(node, place) as { line: number };
    throw new ConversionError(
      'InvalidInput',
      `${place.file}:${line}: defaults must be the name of a configuration or a list of names`,
    );
  }
  return names.filter((name) => name !== '_self_');
}
