// An embedded Temporal server with its UI, a worker in this process, and a client of both.
import { createServer } from 'node:net';
import type { Client } from '@temporalio/client';
import { startDevServer } from '../../src/cli/dev-server.ts';
import { connect } from '../../src/client.ts';
import { runWorker, type Workers } from '../../src/worker.ts';

export interface LocalTemporal {
  readonly client: Client;
  /** Resolves when the worker has ended: by `stop`, by Ctrl-C or because the server is gone. */
  readonly served: Promise<void>;
  /** Ends worker and server, in this order, and waits for both. */
  readonly stop: () => Promise<void>;
}

/** Where `temporal server start-dev` is usually found; the next best port where something else has it. */
const USUAL = { port: 7233, uiPort: 8233 } as const;

/** Starts everything on loopback and makes it this process's Temporal, whatever the surrounding TEMPORAL_* variables say. */
export async function startLocalTemporal(): Promise<LocalTemporal> {
  const ports = { port: await freePort(USUAL.port), uiPort: await freePort(USUAL.uiPort) };
  for (const name of Object.keys(process.env).filter((one) => one.startsWith('TEMPORAL_'))) delete process.env[name];
  // A file that does not exist stands for no profiles; an empty one is an error.
  process.env['TEMPORAL_CONFIG_FILE'] = 'output/quickstart/no-profiles.toml';
  const server = await startDevServer(ports);
  process.env['TEMPORAL_ADDRESS'] = server.address;
  process.env['TEMPORAL_UI_URL'] = server.uiUrl;
  try {
    const { workers, served } = await startWorker();
    const client = await connect();
    const stop = async (): Promise<void> => {
      workers.shutdown();
      try {
        await served;
      } finally {
        await server.stop();
        await client.connection.close();
      }
    };
    return { client, served, stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function startWorker(): Promise<{ readonly workers: Workers; readonly served: Promise<void> }> {
  const ready = Promise.withResolvers<Workers>();
  const served = runWorker({ logLevel: 'ERROR', configPath: 'config/worker.yaml', onReady: ready.resolve });
  served.catch(ready.reject);
  return { workers: await ready.promise, served };
}

/** `wanted` where it is free on loopback, else one that the system picks. */
async function freePort(wanted: number): Promise<number> {
  return (await tryPort(wanted)) ?? (await tryPort(0)) ?? wanted;
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(null));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}
