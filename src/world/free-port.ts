// A TCP port that nobody listens at on this machine.
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Free now; somebody else may take it before it is used, and the attempt then fails and is repeated with another. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}
