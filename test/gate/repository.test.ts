// What the repository promises to a newcomer: three commands, no registry addresses, no oversized files.
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { requestOptions } from '../../src/config/load-config.ts';
import { FAILURES } from '../../src/contract/index.ts';
import { ROOT } from './source-graph.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const manifest = z
  .object({ scripts: z.record(z.string(), z.string()), dependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read('package.json')));
const lock = z
  .object({
    packages: z.record(
      z.string(),
      z.looseObject({ resolved: z.string().optional(), integrity: z.string().optional() }),
    ),
  })
  .parse(JSON.parse(read('package-lock.json')));

/** Tracked files that are also on disk; a file being deleted is still tracked. */
const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '' && statSync(join(ROOT, path), { throwIfNoEntry: false })?.isFile() === true);

describe('where packages come from', () => {
  it('is not said by package-lock.json, which pins every package by hash', () => {
    const packages = Object.entries(lock.packages).filter(([name]) => name !== '');
    expect(packages.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
    expect(packages.filter(([, entry]) => entry.integrity === undefined)).toEqual([]);
  });

  it('is not said by the Python requirement files, which pin every package by hash', () => {
    for (const path of ['python/requirements.in', 'python/requirements.txt']) {
      expect(read(path)).not.toMatch(/https?:\/\/|--(extra-)?index-url|--find-links/);
    }
    const pins = read('python/requirements.txt')
      .split(/^(?=[a-z0-9])/im)
      .filter((part) => /^[a-z0-9]/i.test(part));
    expect(pins.length).toBeGreaterThan(20);
    expect(pins.filter((part) => !/^[\w.-]+==[\w.+]+/.test(part) || !part.includes('--hash=sha256:'))).toEqual([]);
  });

  it('is not said by any other tracked file', () => {
    // Put together here, so that this file does not contain what it looks for.
    const hosts = [
      ['registry', 'npmjs.org'],
      ['registry', 'yarnpkg.com'],
      ['files', 'pythonhosted.org'],
      ['pypi', 'org'],
      ['download.pytorch', 'org'],
    ];
    const pattern = new RegExp(hosts.map((parts) => parts.join('.').replaceAll('.', '\\.')).join('|'));
    const wrong = tracked.filter(
      (path) =>
        /\.(json|ts|mjs|js|md|txt|in|ya?ml|py|npmrc|toml|cfg|sh)$|^\.ci\/|rc$/.test(path) && pattern.test(read(path)),
    );
    expect(wrong).toEqual([]);
  });

  it('gives all parts of the Temporal SDK one exact version', () => {
    const versions = Object.entries(manifest.dependencies).filter(([name]) => name.startsWith('@temporalio/'));
    expect(new Set(versions.map(([, version]) => version)).size).toBe(1);
    expect(versions[0]?.[1]).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('sizes', () => {
  const sizes = tracked.map((path) => ({ path, bytes: statSync(join(ROOT, path)).size }));

  it('keeps the fixtures below 8 MB in all', () => {
    const fixtures = sizes.filter(({ path }) => path.startsWith('fixtures/'));
    expect(fixtures.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(8_000_000);
  });

  it('keeps every file outside the fixtures below 300 KB', () => {
    expect(sizes.filter(({ path, bytes }) => !path.startsWith('fixtures/') && bytes > 300_000)).toEqual([]);
  });

  it('keeps source files to one idea: at most 250 lines', () => {
    const sources = tracked.filter((path) => /^(src|python|scripts)\/.*\.(ts|mjs|py)$/.test(path));
    const long = sources
      .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 250);
    expect(long).toEqual([]);
  });
});

describe("the README's three commands", () => {
  const commands = ['npm test', 'npm run quickstart', 'npm run test:slurm'];

  it('stand at its top and exist', () => {
    const top = read('README.md').split('\n').slice(0, 40).join('\n');
    for (const command of commands) expect(top).toContain(command);
    for (const script of ['test', 'quickstart', 'test:slurm'])
      expect(manifest.scripts[script]).toMatch(/^node scripts\/setup\.mjs && /);
  });

  it('are what .ci/run runs, and nothing else', () => {
    const run = read('.ci/run')
      .split('\n')
      .filter((line) => /^\s*(npm|npx|node|python|pip|apt)/.test(line));
    expect(run.map((line) => line.replace(/ 2>&1 \| tee .*/, '').trim())).toEqual(commands);
  });
});

describe("the README's tables", () => {
  it('name failures that exist', () => {
    const names = firstColumn('When it fails');
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !Object.hasOwn(FAILURES, name))).toEqual([]);
  });

  it('name parameters that exist', () => {
    const known = new Set(requestOptions().map(({ path }) => path));
    const names = firstColumn('Configuration');
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });
});

/** Names in the first column of the table under a heading. */
function firstColumn(heading: string): string[] {
  const section = read('README.md').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| (`[^|]*)\|/gm)].flatMap(([, cell = '']) => cell.match(/[\w.]+/g) ?? []);
}
