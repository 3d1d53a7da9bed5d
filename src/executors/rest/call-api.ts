// One call of a scheduler's REST API, and what its answer means. Nothing that goes into a message holds a secret.
import { ConversionError } from '../../contract/failures.ts';

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** What the call is for, for messages: `submit the job`. */
  readonly purpose: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/** How to speak to one API. */
export interface Api {
  /** For messages: `Lepton`. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Masked wherever an answer repeats them. */
  readonly secrets: readonly string[];
}

/** Seconds after which a call that has no answer counts as broken. */
const TIMEOUT_SECONDS = 60;
const LONGEST_QUOTE = 600;

/**
 * Sends one request and reads the whole answer, whatever its status.
 * @throws the reason of `signal`; a plain Error where there is no answer, which the caller may ask for again.
 */
export async function callApi(api: Api, call: ApiCall): Promise<ApiAnswer> {
  const response = await openApi(api, call);
  try {
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw broken(api, call, error);
  }
}

/** The same with the body still to be read: logs may never end. */
export async function openApi(api: Api, call: ApiCall): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
  try {
    return await fetch(call.url, {
      method: call.method,
      headers: { Accept: 'application/json', ...(call.body === undefined ? {} : JSON_BODY), ...api.headers },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]),
    });
  } catch (error) {
    throw broken(api, call, error);
  }
}

const JSON_BODY = { 'Content-Type': 'application/json' } as const;

/** The scheduler's own words about an answer that is no success, at most one short paragraph, without secrets. */
function quoteAnswer(api: Api, { status, text }: ApiAnswer): string {
  const words = maskSecrets(text, api.secrets).replace(/\s+/g, ' ').trim();
  const quote = words.length > LONGEST_QUOTE ? `${words.slice(0, LONGEST_QUOTE)} ...` : words;
  return quote === '' ? `status ${status}` : `status ${status}: ${quote}`;
}

/** Replaces each value that is long enough to be a secret. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= 4)
    .toSorted((a, b) => b.length - a.length)
    .reduce((masked, secret) => masked.replaceAll(secret, '******'), text);
}

/**
 * An answer that is neither success nor expected. 401 and 403 are final: no repetition makes a refused token good. With `refusable`
 * so are the other answers of the 4xx kind, since the same request would be refused again. The rest is a plain Error: ask again.
 */
export function unexpected(api: Api, call: ApiCall, answer: ApiAnswer, hint: string, refusable = false): Error {
  const said = quoteAnswer(api, answer);
  if (answer.status === 401 || answer.status === 403) {
    const message = `${api.name} does not let this worker ${call.purpose} (${said}). ${hint}`;
    return final(message, answer.status);
  }
  if (refusable && answer.status >= 400 && answer.status < 500 && !PASSING.has(answer.status)) {
    const message = `${api.name} refused to ${call.purpose} (${said}). Correct the profile in the worker configuration.`;
    return final(message, answer.status);
  }
  return new Error(`${api.name} could not ${call.purpose}: ${said}`);
}

/** Of the 4xx kind, but about the moment and not about the request. */
const PASSING = new Set([408, 409, 421, 423, 425, 429]);

function final(message: string, status: number): ConversionError {
  return new ConversionError('SchedulerFailed', message, { problems: [message], facts: { status, final: true } });
}

function broken(api: Api, call: ApiCall, error: unknown): unknown {
  if (call.signal?.aborted === true) return call.signal.reason;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
  const what = error instanceof Error ? error.message : String(error);
  const words = maskSecrets([what, cause].filter((part) => part !== '').join(': '), api.secrets);
  return new Error(`${api.name} gave no answer when asked to ${call.purpose}: ${words}`);
}
