// A client of the Temporal server, configured as the `temporal` command line is.
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

export interface ConnectOptions {
  /** `host:port`; default `TEMPORAL_ADDRESS`, else the profile's, else `localhost:7233`. */
  readonly address?: string;
  /** Default `TEMPORAL_NAMESPACE`, else the profile's, else `default`. */
  readonly namespace?: string;
  /** Profile of the Temporal config file; default `TEMPORAL_PROFILE`, else `default`. */
  readonly profile?: string;
}

/** Connects, at most 10 s. Close it with `client.connection.close()`. */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const config = loadClientConnectConfig(options.profile === undefined ? {} : { profile: options.profile });
  const connection = await Connection.connect({
    ...(config.connectionOptions as Parameters<typeof Connection.connect>[0]),
    ...(options.address === undefined ? {} : { address: options.address }),
    connectTimeout: '10 seconds',
  });
  return new Client({ connection, namespace: options.namespace ?? config.namespace ?? 'default' });
}
