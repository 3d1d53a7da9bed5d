// The floors of the house: imports never go up, the sandbox stays free of Node, and only the named rooms write.
import { builtinModules } from 'node:module';
import { describe, expect, it } from 'vitest';
import { readHouse } from './house-table.ts';
import { readSources, roomOf, type SourceFile } from './source-graph.ts';

const sources = readSources();
const byPath = new Map(sources.map((source) => [source.path, source]));
const house = readHouse();

describe('imports between rooms', () => {
  it('has a row in docs/architecture.md for every room', () => {
    const rooms = new Set(sources.map(({ room }) => room));
    expect([...rooms].filter((room) => !house.mayImport.has(room))).toEqual([]);
  });

  it('never go up', () => {
    const wrong = sources.flatMap((source) =>
      source.imports.flatMap(({ target, typeOnly }) => {
        if (target === null || !target.startsWith('src/')) return [];
        const room = roomOf(target);
        const values = house.mayImport.get(source.room);
        const allowed =
          room === source.room ||
          values?.has(room) === true ||
          values?.has('*') === true ||
          (typeOnly && house.mayImportTypes.get(source.room)?.has(room) === true);
        return allowed ? [] : [`${source.path} imports ${target}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('name files that exist', () => {
    const wrong = sources.flatMap((source) =>
      source.imports
        .filter(({ target }) => target?.endsWith('.ts') === true && !byPath.has(target))
        .map(({ target }) => `${source.path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the sandbox', () => {
  const ALLOWED = new Set(['zod', '@temporalio/workflow', '@temporalio/common']);

  it.each(['contract', 'workflows'])('%s reaches nothing but zod and the workflow SDK, whatever it imports', (room) => {
    const reached = reachable(sources.filter((source) => source.room === room));
    const outside = reached.flatMap((source) =>
      source.imports
        .filter(({ target, typeOnly }) => target === null && !typeOnly)
        .filter(({ specifier }) => !ALLOWED.has(specifier))
        .map(({ specifier }) => `${source.path} imports ${specifier}`),
    );
    expect(reached.length).toBeGreaterThan(3);
    expect(outside).toEqual([]);
  });

  it('is left by `node:` names only, so that a built-in module cannot hide behind a bare name', () => {
    const bare = sources.flatMap((source) =>
      source.imports
        .filter(({ specifier }) => builtinModules.includes(specifier) && !specifier.startsWith('node:'))
        .map(({ specifier }) => `${source.path} imports ${specifier}`),
    );
    expect(bare).toEqual([]);
  });
});

describe('writing', () => {
  /** Rooms that change files, and which. */
  const WRITERS: Readonly<Record<string, string>> = {
    files: 'what its callers ask for',
    rank: 'output files in staging',
    publish: 'staging, ownership record, target',
    engines: 'staging',
    plan: 'the plan in staging',
    reference: "the reference's small files in the hub cache",
    launch: 'logs of the ranks',
    world: 'the meeting of the ranks, beside the target',
    executors: 'scripts and records of jobs in staging',
    smoke: 'the request to its Python process, in a temporary folder',
    cli: 'what a person asked for',
    worker: 'the workflow bundle, when the package is built',
  };
  const WRITING =
    /\b(?:writeFile|appendFile|mkdir|mkdtemp|rename|rm|rmdir|unlink|symlink|link|copyFile|cp|truncate|ftruncate|createWriteStream|chmod|utimes|writev?)(?:Sync)?\(|\.(?:write|writev|truncate)\(|\bopen(?:Sync)?\([^;]*?,\s*['"](?:w|a|r\+|rs\+)[x+s]*['"]/;

  it('happens in the named rooms only, and never under checkpoint/', () => {
    const wrong = sources.filter((source) => usesFileSystem(source) && WRITING.test(source.code));
    expect(WRITERS).not.toHaveProperty('checkpoint');
    expect(wrong.filter(({ room }) => WRITERS[room] === undefined).map(({ path }) => path)).toEqual([]);
  });
});

function usesFileSystem(source: SourceFile): boolean {
  return source.imports.some(({ specifier, typeOnly }) => /^node:fs(\/promises)?$/.test(specifier) && !typeOnly);
}

/** The given files and all that they import by value, near or far. */
function reachable(start: readonly SourceFile[]): SourceFile[] {
  const seen = new Set<SourceFile>(start);
  for (const source of seen) {
    for (const { target, typeOnly } of source.imports) {
      const next = target === null || typeOnly ? undefined : byPath.get(target);
      if (next) seen.add(next);
    }
  }
  return [...seen];
}
