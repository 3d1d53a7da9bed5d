// Looks for processes by their command line. Linux only; elsewhere it finds nothing.
import { readdir, readFile } from 'node:fs/promises';

/** Process ids whose arguments contain `words`, whole and in a row. Zombies do not count: they have no command line left. */
export async function findProcesses(words: readonly string[]): Promise<number[]> {
  const wanted = `\0${words.join('\0')}\0`;
  const entries = await readdir('/proc').catch(() => []);
  const ids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const matches = await Promise.all(
    ids.map(async (id) => {
      // A process may end between the two calls.
      const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
      return `\0${line}`.includes(wanted);
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
