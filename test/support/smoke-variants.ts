// Exports of the trained fixture, sound and broken, written by Python without any part of the converter.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProcess } from '../../src/launch/run-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const PYTHON = join(ROOT, '.venv', 'bin', 'python');
export const TRAINED = join(ROOT, 'fixtures', 'llama-trained');

export async function writeVariants(names: readonly string[]): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'smoke-variants-'));
  const { exitCode, tail } = await runProcess({
    command: [PYTHON, join(import.meta.dirname, 'smoke_variants.py'), TRAINED, path, ...names],
    signal: new AbortController().signal,
  });
  if (exitCode !== 0) throw new Error(tail.join('\n'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
