// Reads one configuration file into leaves with their lines.
import { readFile } from 'node:fs/promises';
import { isAlias, isMap, isNode, isScalar, isSeq, type Document, type LineCounter, type YAMLMap } from 'yaml';
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
  readonly document: Document.Parsed;
}

/** @throws ConversionError InvalidInput with file and line for anything that is not one mapping of keys to values. */
export async function readYaml(file: string, kind: 'package' | 'file'): Promise<ConfigFile> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConversionError('InvalidInput', `cannot read the configuration ${file}: ${describeReadError(error)}`);
  });
  return readYamlText(text, file, kind);
}

/** The same of a text that is not in a file yet; `file` is what problems call it. @throws as readYaml */
export function readYamlText(text: string, file: string, kind: 'package' | 'file'): ConfigFile {
  const { document, lines } = parseYaml(text);
  const problems = document.errors.map(
    (error) => `${file}:${lines.linePos(error.pos[0]).line}: ${describeYamlError(error)}`,
  );
  if (problems.length === 0) problems.push(...findBrokenAliases(document, file));
  if (problems.length > 0) throw new ConversionError('InvalidInput', problems.join('\n'), { problems });

  const leaves: Leaves = new Map();
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return { file, leaves, defaults: [] };
  if (!isMap(contents)) {
    throw new ConversionError('InvalidInput', `${file}: expected a mapping of parameters to values`);
  }
  const place: Place = { file, kind, lines, document };
  const inherited = contents.get('defaults', true);
  contents.delete('defaults');
  collect(contents, '', place, leaves);
  return { file, leaves, defaults: readDefaults(inherited, place) };
}

function describeReadError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EACCES' ? 'permission denied' : String(error);
}

function describeYamlError({ code, message }: Document.Parsed['errors'][number]): string {
  if (code === 'MULTIPLE_DOCS') return 'the file holds several documents; a configuration is one';
  return message.split('\n')[0] ?? 'not YAML';
}

function collect(map: YAMLMap, prefix: string, place: Place, leaves: Leaves): void {
  const pairs = pairsOf(map, place);
  const merges = map.items.some(({ key }) => isMergeKey(key));
  for (const pair of pairs) {
    const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const path = prefix + key;
    // `<<` is not deep: a key of the mapping itself replaces the whole of what was merged.
    if (merges) clear(leaves, path);
    const node = follow(pair.value, place);
    if (isMap(node) && node.items.length > 0) collect(node, `${path}.`, place, leaves);
    else setLeaf(leaves, path, leafOf(node, originOf(pair.key, place), place));
  }
}

/** The pairs of a mapping, those that it merges with `<<` first. */
function pairsOf(map: YAMLMap, place: Place): YAMLMap['items'] {
  const merged = map.items.filter(({ key }) => isMergeKey(key)).flatMap(({ value }) => mergedMaps(value, place));
  return [...merged.flatMap((it) => pairsOf(it, place)), ...map.items.filter(({ key }) => !isMergeKey(key))];
}

/** The library gives `<<` as a symbol where it means a merge. */
const isMergeKey = (key: unknown): boolean => isScalar(key) && typeof key.value === 'symbol';

function clear(leaves: Leaves, path: string): void {
  for (const other of leaves.keys()) if (other === path || other.startsWith(`${path}.`)) leaves.delete(other);
}

/** What `<<` merges, the weakest first: of a list, an earlier mapping wins over a later one. */
function mergedMaps(value: unknown, place: Place): YAMLMap[] {
  const node = follow(value, place);
  const nodes: unknown[] = isSeq(node) ? node.items.toReversed() : [node];
  return nodes.map((item) => follow(item, place)).filter((item) => isMap(item));
}

/** The node that an alias stands for. */
function follow(node: unknown, { document }: Place): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

/** Aliases without an anchor, and so many in each other that nobody can mean it. */
function findBrokenAliases(document: Document.Parsed, file: string): string[] {
  try {
    document.toJS();
    return [];
  } catch (error) {
    if (error instanceof ReferenceError) return [`${file}: ${error.message}`];
    throw error;
  }
}

function leafOf(node: unknown, origin: Origin, { document }: Place): Leaf {
  const value: unknown = isNode(node) ? node.toJS(document) : node;
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
