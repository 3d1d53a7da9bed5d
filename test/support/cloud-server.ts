// What the stand-ins of the cloud schedulers share: an HTTP server on the loopback interface with faults on demand.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A fault of the next request that begins with `on`, such as `POST /jobs`. */
export interface Fault {
  readonly on: string;
  /** A status instead of an answer; or the connection breaks: `lost` before the request is done, `dropped` after it is done. */
  readonly how: number | 'lost' | 'dropped';
}

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** Writes the body itself. */
  readonly stream?: (response: ServerResponse) => void;
}

export interface CloudServer {
  readonly url: string;
  /** `POST /jobs`, in order, without the query. */
  readonly requests: string[];
  /** Taken one by one. */
  readonly faults: Fault[];
  readonly close: () => Promise<void>;
}

export async function startCloudServer(answer: (question: Question) => Answer | Promise<Answer>): Promise<CloudServer> {
  const requests: string[] = [];
  const faults: Fault[] = [];
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      send(response, { status: 500, body: { message: String(error) } });
    });
  });
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://cloud');
    const line = `${request.method ?? ''} ${pathname}`;
    const text = await readBody(request);
    requests.push(line);
    const at = faults.findIndex(({ on }) => line.startsWith(on));
    const [fault] = at < 0 ? [] : faults.splice(at, 1);
    if (typeof fault?.how === 'number') return send(response, { status: fault.how, body: { message: 'try later' } });
    if (fault?.how === 'lost') return void request.socket.destroy();
    const given = await answer({
      method: request.method ?? '',
      path: pathname,
      query: searchParams,
      authorization: request.headers.authorization ?? '',
      body: text === '' ? null : (JSON.parse(text) as unknown),
    });
    if (fault?.how === 'dropped') request.socket.destroy();
    else send(response, given);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => {
        resolve();
      });
    });
  return { url: `http://127.0.0.1:${port}`, requests, faults, close };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, { status, body, stream }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'Content-Type': stream ? 'text/plain' : 'application/json' });
  if (stream) stream(response);
  else response.end(body === undefined ? '' : JSON.stringify(body));
}
