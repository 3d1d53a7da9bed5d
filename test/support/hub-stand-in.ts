// A Hugging Face hub on the loopback interface: the endpoints that @huggingface/hub calls for a model's small files.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubFile {
  readonly content: string | Buffer;
  /** Listed as a large file, with its SHA-256. */
  readonly large?: boolean;
  /** Listed with this size instead of its own. */
  readonly claimedBytes?: number;
  /** Sent instead of `content`. */
  readonly sent?: string | Buffer;
  /** Sent as a whole, whatever range is asked for. */
  readonly withoutRanges?: boolean;
  /** Sent by another server: the request is redirected to the same path there. */
  readonly elsewhere?: string;
}

export interface HubRepository {
  readonly commit: string;
  readonly files: Readonly<Record<string, HubFile>>;
  /** Wanted in the Authorization header. */
  readonly token?: string;
}

export interface StandInHub {
  readonly endpoint: string;
  /** `GET /path`, in order. */
  readonly requests: string[];
  /** `name bytes=0-7`, in order: files of which a part was asked for, but for the library's question for one byte. */
  readonly ranges: string[];
  readonly authorizations: Set<string>;
  /** Answers of the next requests, before anything else: status codes. */
  readonly failures: number[];
  readonly close: () => Promise<void>;
}

/** `repositories` by id; every branch and tag name means the one commit, and so does the commit. */
export async function startHub(repositories: Readonly<Record<string, HubRepository>>): Promise<StandInHub> {
  const requests: string[] = [];
  const ranges: string[] = [];
  const authorizations = new Set<string>();
  const failures: number[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const { range = 'bytes=0-0' } = request.headers;
    if (range !== 'bytes=0-0') ranges.push(`${request.url?.split('/').at(-1) ?? ''} ${range}`);
    authorizations.add(request.headers.authorization ?? '');
    const failure = failures.shift();
    if (failure !== undefined) send(response, failure, { error: 'try later' });
    else answer(repositories, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { endpoint: `http://127.0.0.1:${port}`, requests, ranges, authorizations, failures, close };
}

function answer(
  repositories: Readonly<Record<string, HubRepository>>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { pathname } = new URL(request.url ?? '/', 'http://hub');
  const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)(?:\/(.*))?$/.exec(pathname);
  const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
  const id = (api ?? file)?.[1] ?? '';
  const repository = repositories[id];
  if (!repository) return send(response, 404, { error: 'Repository not found' });
  if (repository.token && request.headers.authorization !== `Bearer ${repository.token}`) {
    return send(response, 401, { error: 'Access is restricted' });
  }
  if (api?.[3] === 'missing-branch') return send(response, 404, { error: 'Invalid rev id' });
  if (api?.[2] === 'revision')
    return send(response, 200, { _id: '1', id, sha: repository.commit, lastModified: '2026-01-01' });
  if (api) return send(response, 200, listFolder(repository, api[4] ?? ''));
  const wanted = repository.files[file?.[3] ?? ''];
  if (wanted?.elsewhere === undefined) sendFile(response, wanted, request.headers.range);
  else response.writeHead(302, { Location: `${wanted.elsewhere}${pathname}` }).end();
}

function listFolder(repository: HubRepository, folder: string): unknown[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  const names = Object.keys(repository.files).filter((name) => name.startsWith(prefix));
  const folders = new Set(
    names.filter((name) => name.slice(prefix.length).includes('/')).map((name) => name.split('/')[0]),
  );
  const files = names.filter((name) => !name.slice(prefix.length).includes('/'));
  return [
    ...[...folders].map((path) => ({ type: 'directory', path, size: 0, oid: '0' })),
    ...files.map((path) => listFile(path, repository.files[path])),
  ];
}

function listFile(path: string, file: HubFile | undefined): unknown {
  const content = Buffer.from(file?.content ?? '');
  const size = file?.claimedBytes ?? content.length;
  const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  const lfs = { oid: createHash('sha256').update(content).digest('hex'), size, pointerSize: 130 };
  return { type: 'file', path, size, oid, ...(file?.large ? { lfs } : {}) };
}

function sendFile(response: ServerResponse, file: HubFile | undefined, range: string | undefined): void {
  if (!file) {
    response.setHeader('X-Error-Code', 'EntryNotFound');
    return send(response, 404, { error: 'Entry not found' });
  }
  const content = Buffer.from(file.sent ?? file.content);
  response.setHeader('ETag', '"tag"');
  response.setHeader('Content-Type', 'text/plain');
  const wanted = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  if (!wanted || file.withoutRanges) {
    response.writeHead(200).end(content);
    return;
  }
  const [start, end] = [Number(wanted[1]), Math.min(Number(wanted[2] || content.length), content.length - 1)];
  response.setHeader('Content-Range', `bytes ${start}-${end}/${content.length}`);
  response.writeHead(206).end(content.subarray(start, end + 1));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
