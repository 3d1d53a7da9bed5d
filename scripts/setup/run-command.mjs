// The set-up's one way to run a program.
import { execFile, spawn } from 'node:child_process';
import { delimiter } from 'node:path';

/** A failure that a person can mend: its message is all that is printed. */
export class SetupError extends Error {}

/**
 * The environment without the project's own node_modules/.bin on the PATH, which npm puts there: `npm ci` deletes that folder,
 * and npm must not lose the Node that it runs on.
 */
function outerEnvironment() {
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((entry) => !/node_modules[\\/]\.bin[\\/]?$/.test(entry));
  return { ...process.env, PATH: path.join(delimiter) };
}

/**
 * Runs to the end with its output shown, and says every half minute that it still works. The program gets a process group of its
 * own, which `share` makes known, so that nothing that it started outlives an interrupted set-up unseen. @throws SetupError
 */
export async function runCommand(command, args, { cwd, says, advice, share }) {
  console.error(`set-up: ${says}`);
  const start = Date.now();
  const seconds = () => Math.round((Date.now() - start) / 1000);
  const ticker = setInterval(() => console.error(`set-up: still at it, ${seconds()} s`), 30_000);
  const child = spawn(command, args, { cwd, env: outerEnvironment(), stdio: ['ignore', 2, 2], detached: true });
  const endGroup = () => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, 'SIGTERM');
  process.once('exit', endGroup);
  try {
    if (child.pid !== undefined) share(child.pid);
    const problem = await new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(code === 0 ? null : `it ended with ${signal ?? `code ${code}`}`));
    });
    if (problem !== null) throw new SetupError(`${command} ${args.join(' ')}: ${problem}.\n${advice}`);
  } finally {
    clearInterval(ticker);
    process.off('exit', endGroup);
  }
  console.error(`set-up: done in ${seconds()} s`);
}

/** Trimmed standard output, or null when the program is missing or fails. */
export function outputOf(command, args) {
  return new Promise((resolve) => {
    execFile(command, args, { env: outerEnvironment() }, (error, stdout) => resolve(error ? null : stdout.trim()));
  });
}
