// The command line that starts the ranks.
import { dyingWithParent } from './die-with-parent.ts';

export interface Programs {
  /** torchrun, with leading arguments. */
  readonly torchrun: readonly string[];
  /** Wraps what is started: numactl, a container runtime, ... */
  readonly launchPrefix: readonly string[];
}

/** Seconds that torchrun waits for ranks after SIGTERM before it kills them; a rank dies at once, unless a file system holds it. */
const SHUTDOWN_SECONDS = 10;

/**
 * torchrun over `ranks` processes of `program` (Node and its arguments), or the program itself when there is one rank. torchrun's death
 * does not end its ranks, so each rank is tied to torchrun by the kernel.
 */
export async function rankCommand(
  program: readonly [string, ...string[]],
  ranks: number,
  distributed: boolean,
  { torchrun, launchPrefix }: Programs,
): Promise<readonly [string, ...string[]]> {
  if (!distributed || ranks === 1) return nonEmpty([...launchPrefix, ...program]);
  const options = [
    '--standalone',
    `--nproc-per-node=${ranks}`,
    `--shutdown-timeout=${SHUTDOWN_SECONDS}`,
    '--no-python',
  ];
  return nonEmpty([...launchPrefix, ...torchrun, ...options, ...(await dyingWithParent(program, 'KILL'))]);
}

function nonEmpty(words: readonly string[]): readonly [string, ...string[]] {
  const [first, ...rest] = words;
  if (first === undefined) throw new RangeError('the worker policy names no torchrun');
  return [first, ...rest];
}
