// The table "The house" of docs/architecture.md, as data: the document is the rule that the test enforces.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './source-graph.ts';

export interface House {
  /** Room -> rooms that it may import, itself not among them. */
  readonly mayImport: ReadonlyMap<string, ReadonlySet<string>>;
  /** Room -> rooms of which it may import types only. */
  readonly mayImportTypes: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reads rows such as `| \`src/plan/\` | what | contract, checkpoint (dtypes), types of activities |`. */
export function readHouse(): House {
  const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  const mayImport = new Map<string, Set<string>>();
  const mayImportTypes = new Map<string, Set<string>>();
  for (const line of text.split('\n').filter((row) => row.startsWith('| `src/'))) {
    const [folders = '', , imports = ''] = line.slice(1).split(' | ');
    const rooms = [...folders.matchAll(/`src\/([^`/]+)\/?`/g)].map(([, room = '']) => room.replace(/\.ts$/, ''));
    const { values, types } = parseImports(imports, [...mayImport.keys()]);
    for (const room of rooms) {
      mayImport.set(room, new Set([...values, ...rooms]));
      mayImportTypes.set(room, types);
    }
  }
  return { mayImport, mayImportTypes };
}

function parseImports(cell: string, above: readonly string[]): { values: Set<string>; types: Set<string> } {
  const values = new Set<string>();
  const types = new Set<string>();
  for (const word of cell.replace(/\|\s*$/, '').split(/,(?![^(]*\))/)) {
    const name = word
      .replace(/\(.*\)/, '')
      .replaceAll('`', '')
      .trim();
    if (name === 'everything') values.add('*');
    else if (name.startsWith('all of the above')) for (const room of above) values.add(room);
    else if (name.startsWith('types of ')) types.add(name.slice('types of '.length));
    else if (/^[a-z][a-z.-]*$/.test(name)) values.add(name);
  }
  return { values, types };
}
