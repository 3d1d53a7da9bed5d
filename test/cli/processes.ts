// Which processes are at work for a path: ranks, torchrun and the smoke program have it in their command line.
import { readdirSync, readFileSync } from 'node:fs';

/** Process ids whose command line contains `text`, this process and the program under test (by its id) excepted. */
export function findProcesses(text: string, except: readonly (number | undefined)[] = []): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && !except.includes(pid) && commandLine(pid).includes(text));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
