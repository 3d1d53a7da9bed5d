// The nodes of a stand-in scheduler's job: real processes on this machine, with only the environment that a container would have.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';

export interface Nodes {
  /** Resolves once every node has ended, with their codes; null for a node that a signal ended. */
  readonly ended: Promise<readonly (number | null)[]>;
  /** What a node has printed so far. */
  readonly output: (node: number) => string;
  /** Called with every further piece of a node's output. */
  readonly follow: (node: number, take: (text: string) => void) => void;
  /** SIGTERM to the first process of each node, SIGKILL to all that is left of it later, as a container runtime does. */
  readonly end: (graceMs: number) => Promise<void>;
  /** Processes of the job that live. */
  readonly living: () => number[];
}

/** @param environments - one for each node. */
export function startNodes(
  command: readonly [string, ...string[]],
  environments: readonly Record<string, string>[],
): Nodes {
  const [file, ...args] = command;
  const mark = `CLOUD_STAND_IN_JOB=${randomUUID()}`;
  const [name = '', value = ''] = mark.split('=');
  const outputs = environments.map(() => '');
  const followers = environments.map((): ((text: string) => void)[] => []);
  const nodes = environments.map((environment, index) => {
    const base = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', [name]: value };
    const node = spawn(file, args, { env: { ...base, ...environment }, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
    const take = (chunk: Buffer): void => {
      const text = chunk.toString('utf8');
      outputs[index] += text;
      for (const follower of followers[index] ?? []) follower(text);
    };
    node.stdout.on('data', take);
    node.stderr.on('data', take);
    return node;
  });
  const ended = Promise.all(nodes.map(codeOf)).finally(() => {
    // A container takes all its processes along.
    for (const pid of findMarked(mark)) kill(pid, 'SIGKILL');
  });
  return {
    ended,
    output: (node) => outputs[node] ?? '',
    follow: (node, take) => followers[node]?.push(take),
    end: async (graceMs) => {
      for (const node of nodes) node.kill('SIGTERM');
      const timer = setTimeout(() => {
        for (const pid of findMarked(mark)) kill(pid, 'SIGKILL');
      }, graceMs);
      await ended;
      clearTimeout(timer);
    },
    living: () => findMarked(mark),
  };
}

export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function codeOf(node: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    node.once('error', reject);
    node.once('close', (code) => {
      resolve(code);
    });
  });
}

/** Processes whose environment has the mark, but for zombies. */
function findMarked(mark: string): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0');
      return environment.includes(mark) ? [Number(entry)] : [];
    } catch {
      // Ended meanwhile, or another user's.
      return [];
    }
  });
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Ended meanwhile.
  }
}
