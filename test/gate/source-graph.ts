// The import graph of src/, read from the text: enough for the rules of the house, and needs no compiler.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

export interface Import {
  /** As written: `node:fs`, `zod`, `../contract/index.ts`. */
  readonly specifier: string;
  /** Path relative to the repository root, for relative specifiers, else null. */
  readonly target: string | null;
  /** `import type`, `export type`, or only `type` names inside the braces: gone after compilation. */
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** Relative to the repository root. */
  readonly path: string;
  /** Folder below src/; `client` for both src/client.ts and src/client/. */
  readonly room: string;
  /** Source text without comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

export function readSources(): SourceFile[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => {
      const path = join('src', name);
      const code = withoutComments(readFileSync(join(ROOT, path), 'utf8'));
      return { path, room: roomOf(path), code, imports: importsOf(path, code) };
    });
}

export function roomOf(path: string): string {
  return (path.split('/')[1] ?? path).replace(/\.ts$/, '');
}

/** Line comments are only stripped at a line's start or after white space, so that addresses in strings survive. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

function importsOf(path: string, code: string): Import[] {
  const statements = code.matchAll(/^(?:import|export)\s+((?:type\s)?[^'"();]*?)\s*from\s+['"]([^'"]+)['"]/gm);
  const found = [...statements].map(([, clause = '', specifier = '']) => ({ specifier, typeOnly: isTypeOnly(clause) }));
  const bare = [...code.matchAll(/^import\s+['"]([^'"]+)['"]/gm), ...code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)];
  const rest = bare.map(([, specifier = '']) => ({ specifier, typeOnly: false }));
  return [...found, ...rest].map((one) => ({
    ...one,
    target: one.specifier.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(path), one.specifier)) : null,
  }));
}

function isTypeOnly(clause: string): boolean {
  if (clause.startsWith('type ')) return true;
  const names = /^\{([\s\S]*)\}$/.exec(clause.trim())?.[1];
  if (names === undefined) return false;
  const parts = names.split(',').map((name) => name.trim());
  return parts.filter(Boolean).every((name) => name.startsWith('type '));
}
