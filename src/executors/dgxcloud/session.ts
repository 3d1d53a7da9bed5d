// Calls of the Run:ai API with a token that is fetched when it is needed and renewed when it runs out.
import { z } from 'zod';
import { callApi, unexpected, type Api, type ApiAnswer, type ApiCall } from '../rest/call-api.ts';
import { readAnswer } from '../rest/read-answer.ts';
import type { Account } from './account.ts';

/** OpenAPI of Run:ai, `TokenResponse`; expiresIn in seconds, which older control planes leave out. */
const TokenAnswer = z.looseObject({ accessToken: z.string().min(1), expiresIn: z.number().positive().nullish() });

/** A token that is about to run out is renewed before it does. */
const MARGIN_SECONDS = 30;
/** For a token that does not say: less than the shortest lifetime that is usual. */
const UNSAID_SECONDS = 300;

type Request = Omit<ApiCall, 'url'> & { readonly path: string };

export interface Session {
  /** The answer whatever its status, but for 401: then once with a new token. */
  readonly call: (
    request: Request,
    secrets?: readonly string[],
  ) => Promise<{ api: Api; call: ApiCall; answer: ApiAnswer }>;
  /** What an operator does about a refusal. */
  readonly hint: string;
}

export function openSession(account: Account, now: () => number = () => Date.now()): Session {
  let token: { readonly value: string; readonly until: number } | null = null;
  const hint = `Check client_id of the profile, ${account.secretVariable} of the worker, and the access rules of the service account.`;
  const renew = async (signal: AbortSignal | undefined): Promise<string> => {
    const api: Api = { name: NAME, headers: {}, secrets: [account.clientSecret] };
    const call: ApiCall = {
      method: 'POST',
      url: `${account.url}/token`,
      purpose: 'get a token',
      body: { grantType: 'client_credentials', clientId: account.clientId, clientSecret: account.clientSecret },
      signal,
    };
    const answer = await callApi(api, call);
    // A wrong secret is a 400 at some control planes and a 401 at others; both are final.
    if (answer.status !== 200) throw unexpected(api, call, answer, hint, true);
    const { accessToken, expiresIn } = readAnswer(
      { ...api, secrets: [...api.secrets, answer.text] },
      call,
      answer,
      TokenAnswer,
    );
    const seconds = expiresIn ?? UNSAID_SECONDS;
    token = { value: accessToken, until: now() + Math.max(1, seconds - MARGIN_SECONDS) * 1000 };
    return accessToken;
  };
  return {
    hint,
    call: async ({ path, ...request }, secrets = []) => {
      const call: ApiCall = { ...request, url: `${account.url}${path}` };
      const send = async (value: string): Promise<{ api: Api; call: ApiCall; answer: ApiAnswer }> => {
        const api = {
          name: NAME,
          headers: { Authorization: `Bearer ${value}` },
          secrets: [value, account.clientSecret, ...secrets],
        };
        return { api, call, answer: await callApi(api, call) };
      };
      const held = token !== null && token.until > now() ? token.value : null;
      const result = await send(held ?? (await renew(call.signal)));
      // The control plane may end a token early; one that is fresh and refused stays refused.
      return held !== null && result.answer.status === 401 ? send(await renew(call.signal)) : result;
    },
  };
}

const NAME = 'DGX Cloud';
