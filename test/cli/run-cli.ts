// Runs the real command line from the sources.
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const FIXTURE = `${ROOT}fixtures/llama-trained`;
/** The one iteration that the fixture holds; its number changes when it is trained again. */
export const ITERATION = findIteration(FIXTURE);
export const ITERATION_NAME = basename(ITERATION);
export const MAIN = `${ROOT}src/cli/main.ts`;

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The running program; await it for `stdout`, `stderr` and `exitCode`. */
export function runCli(args: readonly string[], { cwd = ROOT, env = {} }: CliOptions = {}) {
  return execa(MAIN, args, { node: true, reject: false, cwd, env: { ...env, NO_COLOR: '1' } });
}

/** The JSON lines of an output. */
export function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The iteration directory of a fixture. */
export function findIteration(fixture: string): string {
  const name = readdirSync(`${fixture}/checkpoint`).find((entry) => entry.startsWith('iter_'));
  if (name === undefined) throw new Error(`${fixture}/checkpoint holds no iteration`);
  return `${fixture}/checkpoint/${name}`;
}
