// Checkpoints of published models without their data, and the names that transformers saves; made once by Python, then kept in .cache.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelConfig } from '../../src/models/types.ts';
import { runPython } from './run-python.ts';

const ROOT = join(import.meta.dirname, '../..');
const FIXTURES = join(ROOT, 'fixtures/full-size');
const PYTHON = join(ROOT, '.venv/bin/python');
const CACHE = join(ROOT, '.cache/full-size');

function configPath(model: string): string {
  return join(FIXTURES, model, 'config.json');
}

export function readConfig(model: string): ModelConfig {
  return JSON.parse(readFileSync(configPath(model), 'utf8')) as ModelConfig;
}

/** Directory with the `.metadata` that megatron-core would write. @param layout options of write_metadata.py */
export async function writeMetadata(model: string, layout: readonly string[]): Promise<string> {
  const scripts = readdirSync(FIXTURES).filter((file) => file.endsWith('.py'));
  const sources = [configPath(model), ...scripts.map((file) => join(FIXTURES, file))];
  return make(`${model}-metadata`, sources, layout, async (directory) => {
    const script = join(FIXTURES, 'write_metadata.py');
    await runPython(script, [configPath(model), directory, ...layout]);
  });
}

/** Name -> shape of every tensor that `save_pretrained` of transformers writes, for each of these models. */
export async function savedNames(
  models: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>> {
  const script = join(import.meta.dirname, 'full-size-names.py');
  const sources = [script, join(ROOT, 'python/requirements.txt'), ...models.map(configPath)];
  const directory = await make('names', sources, models, async (out) => {
    const pairs = models.flatMap((model) => [configPath(model), join(out, `${model}.json`)]);
    await runPython(script, pairs);
  });
  const read = (model: string): ReadonlyMap<string, readonly number[]> =>
    new Map(Object.entries(JSON.parse(readFileSync(join(directory, `${model}.json`), 'utf8')) as Saved));
  return new Map(models.map((model) => [model, read(model)]));
}

type Saved = Record<string, readonly number[]>;

/** What check_against_core.py prints: a line a model, then each difference from megatron-core's own `sharded_state_dict`. */
export function compareWithCore(models: readonly string[]): string {
  const script = join(FIXTURES, 'check_against_core.py');
  const { error, status, stdout, stderr } = spawnSync(PYTHON, ['-W', 'ignore', script, ...models.map(configPath)], {
    encoding: 'utf8',
  });
  if (error) throw error;
  // 1: there are differences, and they have been printed.
  if (status === 0 || (status === 1 && stdout !== '')) return stdout;
  throw new Error(`check_against_core.py ended with ${status}:\n${stderr}`);
}

/** A directory that is made again when one of its sources changes; it appears whole or not at all. */
async function make(name: string, sources: readonly string[], options: readonly string[], fill: Fill): Promise<string> {
  const version = createHash('sha256');
  for (const source of sources) version.update(readFileSync(source));
  const what = `${name}-${createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 8)}-`;
  const directory = join(CACHE, what + version.digest('hex').slice(0, 16));
  if (existsSync(directory)) return directory;
  mkdirSync(CACHE, { recursive: true });
  for (const stale of readdirSync(CACHE).filter((entry) => entry.startsWith(what))) {
    rmSync(join(CACHE, stale), { recursive: true, force: true });
  }
  const partial = mkdtempSync(join(CACHE, '.partial-'));
  try {
    await fill(partial);
    renameSync(partial, directory);
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(directory)) throw error;
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return directory;
}

type Fill = (directory: string) => Promise<void>;
