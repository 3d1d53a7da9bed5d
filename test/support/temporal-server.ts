// A real Temporal development server for tests: started on free loopback ports, ended by its pid.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

import { Connection } from '@temporalio/client';

const TEMPORAL = fileURLToPath(new URL('../../.venv/bin/temporal', import.meta.url));
const START_LIMIT = 60_000;
const STOP_LIMIT = 10_000;
const START_ATTEMPTS = 3;

export interface TemporalServer {
  /** `127.0.0.1:<port>` of the gRPC front end. */
  readonly address: string;
  /** Null without `ui: true`. */
  readonly uiUrl: string | null;
  readonly pid: number;
  /** Ends the server and waits until it is gone. */
  readonly stop: () => Promise<void>;
}

export interface TemporalServerOptions {
  /** Serve the web UI as well. */
  readonly ui?: boolean;
  /** SQLite file that outlives the server; default in memory. */
  readonly dbFilename?: string;
}

/** Starts `temporal server start-dev` and waits until the namespace `default` answers. @throws Error with the server's last output. */
export async function startTemporalServer(options: TemporalServerOptions = {}): Promise<TemporalServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Another process may have taken a port between the probe and the start.
      if (attempt >= START_ATTEMPTS) throw error;
    }
  }
}

async function startOnce(options: TemporalServerOptions): Promise<TemporalServer> {
  const [port, uiPort] = await findFreePorts(2);
  const ui = options.ui === true ? ['--ui-port', String(uiPort), '--ui-disable-news-fetch'] : ['--headless'];
  const db = options.dbFilename === undefined ? [] : ['--db-filename', options.dbFilename];
  const address = `127.0.0.1:${port}`;
  // The server must not outlive a killed test process: setpriv ties it to us.
  const args = ['--pdeathsig', 'KILL', '--', TEMPORAL, 'server', 'start-dev', '--ip', '127.0.0.1'];
  args.push('--port', String(port), '--log-level', 'error', ...ui, ...db);
  const child = spawn('setpriv', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
  }
  try {
    await waitUntilServing(child, address);
  } catch (error) {
    await stopServer(child);
    throw new Error(`the Temporal server did not start at ${address}\n${output}`, { cause: error });
  }
  return {
    address,
    uiUrl: options.ui === true ? `http://127.0.0.1:${uiPort}` : null,
    pid: child.pid ?? 0,
    stop: () => stopServer(child),
  };
}

async function waitUntilServing(child: ChildProcess, address: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the server exited');
    try {
      const connection = await Connection.connect({ address, connectTimeout: 2000 });
      try {
        await connection.workflowService.describeNamespace({ namespace: 'default' });
        return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
  await gone;
  clearTimeout(killer);
}

/** Ports of 127.0.0.1 that are free now; all are held until the last one is known, so that they differ. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not a TCP port');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
