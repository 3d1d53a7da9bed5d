// Runs the real command line from the sources.
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const FIXTURE = `${ROOT}fixtures/llama-trained`;
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
