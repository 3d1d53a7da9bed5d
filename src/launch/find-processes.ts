// Looks for processes by their command line, and by the mark that ranks leave to whatever they start. Linux only; elsewhere it finds nothing.
import { readdir, readFile } from 'node:fs/promises';

const MARK = 'MEGATRON_TO_HF_MARK';

/** For the environment of a launch: its ranks and all that they start are found by the same words. */
export function markOf(words: readonly string[]): Readonly<Record<string, string>> {
  return { [MARK]: words.join(' ') };
}

/**
 * Process ids whose arguments contain `words`, whole and in a row, or whose environment has their mark. Zombies do not count: they have
 * neither left.
 */
export async function findProcesses(words: readonly string[]): Promise<number[]> {
  const wanted = `\0${words.join('\0')}\0`;
  const mark = `\0${MARK}=${words.join(' ')}\0`;
  const entries = await readdir('/proc').catch(() => []);
  const ids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const matches = await Promise.all(
    ids.map(async (id) => {
      // A process may end between the two calls.
      const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
      if (`\0${line}`.includes(wanted)) return true;
      // Of another user's process it cannot be read.
      const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '');
      return `\0${environment}`.includes(mark);
    }),
  );
  return ids.filter((id, index) => matches[index] === true && id !== process.pid);
}

/** SIGKILL to every process with those arguments until there is none. @throws Error naming those that live on after `seconds`. */
export async function endProcesses(words: readonly string[], seconds: number): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const ids = await findProcesses(words);
    if (ids.length === 0) return;
    if (performance.now() > deadline) throw new Error(`processes ${ids.join(', ')} do not end after SIGKILL`);
    for (const id of ids) kill(id);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function kill(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
