// Ties the life of a child to its parent's, in the kernel: even a SIGKILL of the parent takes the child along.
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

let setpriv: Promise<string | null> | undefined;

/** Path of util-linux `setpriv`, or null where the machine has none (macOS, minimal images). Looked up once. */
function findSetpriv(): Promise<string | null> {
  setpriv ??= lookUp('setpriv');
  return setpriv;
}

/**
 * The command with PR_SET_PDEATHSIG set first (prctl(2); kept across exec of ordinary programs). Without `setpriv`, the command
 * itself. The kernel acts when the *thread* that started the child ends: start children from threads that live as long as the process.
 */
export async function dyingWithParent(
  command: readonly [string, ...string[]],
  signal: 'KILL' | 'TERM',
): Promise<readonly [string, ...string[]]> {
  const path = await findSetpriv();
  return path === null ? command : [path, '--pdeathsig', signal, ...command];
}

async function lookUp(program: string): Promise<string | null> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    if (directory === '') continue;
    const path = join(directory, program);
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return null;
}
