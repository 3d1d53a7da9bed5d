// The command line's connection to the Temporal server, and what to say when there is none.
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Client } from '@temporalio/client';
import { connect } from '../client.ts';
import { ServerUnreachable } from './server-error.ts';

const DEFAULT_ADDRESS = 'localhost:7233';

/** @throws ServerUnreachable that names the address and how to get a server. */
export async function connectServer(): Promise<Client> {
  try {
    return await connect();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServerUnreachable(
      `cannot reach the Temporal server at ${serverAddress()}: ${reason}\n` +
        'Set TEMPORAL_ADDRESS, or start a server and a worker on this machine: megatron-to-hf dev',
      { cause: error },
    );
  }
}

/** Where a run can be watched: `$TEMPORAL_UI_URL`, or the usual place beside a local development server; else null. */
export function runUrl(client: Client, workflowId: string, runId: string): string | null {
  const local = /^(?:localhost|127\.0\.0\.1|\[::1\]):7233$/.test(serverAddress()) ? 'http://localhost:8233' : undefined;
  const base = process.env['TEMPORAL_UI_URL'] ?? local;
  if (base === undefined) return null;
  const namespace = encodeURIComponent(client.options.namespace);
  return `${base.replace(/\/+$/, '')}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}`;
}

function serverAddress(): string {
  return loadClientConnectConfig().connectionOptions.address ?? DEFAULT_ADDRESS;
}
