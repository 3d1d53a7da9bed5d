// Workers as processes of their own, to be killed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('temporal-worker-main.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Milliseconds until a worker has surely sent a heartbeat and read the answer: its throttle is 5 s. */
const HEARTBEAT_ROUND = 7000;

export interface WorkerProcess {
  readonly pid: number;
  /** Sends the signal and waits for the end. Gives the exit code, or null after a deadly signal. */
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<number | null>;
}

export interface WorkerProcessOptions {
  /** The program; default serves all queues. It prints a line once it is connected. */
  readonly main?: string;
  /** Variables on top of ours. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a worker and waits until it is connected. */
export async function startWorkerProcess(address: string, options: WorkerProcessOptions = {}): Promise<WorkerProcess> {
  const command = ['--pdeathsig', 'KILL', '--', process.execPath, options.main ?? MAIN];
  const child = spawn('setpriv', command, {
    cwd: ROOT,
    env: { ...process.env, ...options.environment, TEMPORAL_ADDRESS: address },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const ready = once(child.stdout, 'data');
  const first = await Promise.race([ready, exited.then(() => null)]);
  if (first === null) throw new Error('the worker ended before it was ready');
  child.stdout.resume();
  return {
    pid: child.pid ?? 0,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}

/** Pids of living processes whose command line contains `text`: ranks name their staging directory. Zombies do not count. */
export async function findProcesses(text: string): Promise<number[]> {
  const pids: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      const [command, stat] = await Promise.all([
        readFile(`/proc/${name}/cmdline`, 'utf8'),
        readFile(`/proc/${name}/stat`, 'utf8'),
      ]);
      const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
      if (command.includes(text) && state !== 'Z') pids.push(Number(name));
    } catch {
      // It ended between the listing and the reading.
    }
  }
  return pids;
}

/**
 * Stops the ranks of a staging directory while `action` is delivered to their worker, which takes a heartbeat: a conversion of a
 * gigabyte would be over before.
 */
export async function holdRanks(staging: string, action: () => Promise<unknown>): Promise<void> {
  const pids = await findProcesses(staging);
  if (pids.length === 0) throw new Error(`no rank works in ${staging}`);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    await action();
    await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_ROUND));
  } finally {
    for (const pid of pids) signalIfAlive(pid, 'SIGCONT');
  }
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The worker has killed it already.
  }
}
