// Which processes a program has started, and whether they are still there.
import { readdirSync, readFileSync } from 'node:fs';

/** Ids of all descendants of a process. */
export function findDescendants(ancestor: number | undefined): number[] {
  const parents = new Map(listProcesses().map((pid) => [pid, parentOf(pid)]));
  const isBelow = (pid: number | undefined): boolean => {
    const parent = pid === undefined ? undefined : parents.get(pid);
    return parent !== undefined && (parent === ancestor || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}

/** Those of the processes that still exist; a zombie is over. */
export function stillAlive(pids: readonly number[]): number[] {
  return pids.filter((pid) => (statOf(pid)[0] ?? 'X') !== 'X' && statOf(pid)[0] !== 'Z');
}

function listProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number | undefined {
  const parent = Number(statOf(pid)[1]);
  return Number.isNaN(parent) ? undefined : parent;
}

/** Fields of /proc/PID/stat after the name: state, parent, ... Empty when the process is gone. */
function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
