// A worker's connection to the server, from the usual Temporal environment, profiles and config file.
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';

import type { ConnectOptions } from '../client/connect.ts';

export interface WorkerConnection {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/** Resolves option > `TEMPORAL_*` environment > profile > `localhost:7233`, namespace `default`. */
export async function connectWorker(options: ConnectOptions = {}): Promise<WorkerConnection> {
  const config = loadClientConnectConfig(options.profile === undefined ? {} : { profile: options.profile });
  const connection = await NativeConnection.connect({
    ...config.connectionOptions,
    ...(options.address === undefined ? {} : { address: options.address }),
  });
  return { connection, namespace: options.namespace ?? config.namespace ?? 'default' };
}
