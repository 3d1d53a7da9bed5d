// Talking to the hub: endpoint and token from the usual variables, retries for what passes, cancellation.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HubApiError } from '@huggingface/hub';
import type { Environment } from './hub-cache.ts';
import { hubHome } from './hub-cache.ts';

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 10_000;
/** Limit of one request, its body included. */
const REQUEST_TIMEOUT_MS = 300_000;
/** An address before its host: scheme if any, user and password. */
const CREDENTIALS = /^([a-z][a-z0-9+.-]*:\/\/)?([^/]*)@/i;
const TRUTHY = new Set(['1', 'on', 'yes', 'true']);

export function isOffline(environment: Environment): boolean {
  return [environment['HF_HUB_OFFLINE'], environment['TRANSFORMERS_OFFLINE']].some((value) => isSet(value));
}

/** Without a user and a password in it: it is named in messages, and `fetch` takes no address that has them. */
export function hubEndpoint(environment: Environment): string {
  return (environment['HF_ENDPOINT'] || 'https://huggingface.co').replace(CREDENTIALS, '$1').replace(/\/+$/, '');
}

/** What the requests to the hub's origin say about us: the user and password of HF_ENDPOINT, as in Python's library, else the token. */
export async function hubAuthorization(environment: Environment): Promise<string | null> {
  const [, , given] = CREDENTIALS.exec(environment['HF_ENDPOINT'] ?? '') ?? [];
  if (given !== undefined) return `Basic ${Buffer.from(decodeCredentials(given)).toString('base64')}`;
  const token = await hubToken(environment);
  return token === null ? null : `Bearer ${token}`;
}

/** `user:password`; what is no percent encoding is meant as it stands. */
function decodeCredentials(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** HF_TOKEN, HUGGING_FACE_HUB_TOKEN, else what `hf auth login` stored. */
async function hubToken(environment: Environment): Promise<string | null> {
  const direct = environment['HF_TOKEN'] || environment['HUGGING_FACE_HUB_TOKEN'];
  if (direct) return direct.trim();
  if (isSet(environment['HF_HUB_DISABLE_IMPLICIT_TOKEN'])) return null;
  const path = environment['HF_TOKEN_PATH'] || join(hubHome(environment), 'token');
  return (await readFile(path, 'utf8').catch(() => '')).trim() || null;
}

/**
 * A `fetch` for `@huggingface/hub`. It sends the authorization to the hub's own origin only (the library accepts none but `hf_...`, which
 * other endpoints do not have), and tries again after network errors, 429 and 5xx.
 */
export function hubFetch(endpoint: string, authorization: string | null, signal: AbortSignal): typeof fetch {
  const { origin } = new URL(endpoint);
  return async (resource, init) => {
    const url = resource instanceof Request ? resource.url : String(resource);
    const headers = new Headers(init?.headers);
    if (authorization && new URL(url).origin === origin) headers.set('Authorization', authorization);
    for (let attempt = 1; ; attempt += 1) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
      try {
        const response = await fetch(url, { ...init, headers, signal: limit });
        if (!isPassing(response.status) || attempt === ATTEMPTS) return response;
        await response.body?.cancel();
        await pause(attempt, signal, Number(response.headers.get('Retry-After')));
      } catch (error) {
        if (signal.aborted || attempt === ATTEMPTS) throw error;
        await pause(attempt, signal, 0);
      }
    }
  };
}

/** One sentence about a failed call, for the list of what was tried. */
export function describeHubError(error: unknown, endpoint: string): string {
  if (error instanceof HubApiError) {
    if (error.statusCode === 401) return `${endpoint} does not know it, or wants a token (401): set HF_TOKEN`;
    if (error.statusCode === 403) return `${endpoint} refuses access (403): accept its licence, and set HF_TOKEN`;
    if (error.statusCode === 404) return `${endpoint} has no such repository or revision (404)`;
    return `${endpoint} answered ${error.statusCode}: ${error.message}`;
  }
  if (!(error instanceof Error)) return `${endpoint}: ${String(error)}`;
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${endpoint} cannot be reached (${error.message}${cause})`;
}

function isPassing(status: number): boolean {
  return status === 429 || status >= 500;
}

function isSet(value: string | undefined): boolean {
  return TRUTHY.has((value ?? '').toLowerCase());
}

async function pause(attempt: number, signal: AbortSignal, seconds: number): Promise<void> {
  const wanted = seconds > 0 ? seconds * 1000 : FIRST_PAUSE_MS * 2 ** (attempt - 1);
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(
      () => {
        signal.removeEventListener('abort', stop);
        resolve();
      },
      Math.min(wanted, LONGEST_PAUSE_MS),
    );
    signal.addEventListener('abort', stop, { once: true });
  });
}
