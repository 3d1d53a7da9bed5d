// The body of a scheduler's answer against the part of its contract that we rely on.
import type { z } from 'zod';
import { maskSecrets, type Api, type ApiAnswer, type ApiCall } from './call-api.ts';

/** @throws a plain Error: an answer in another form (a proxy's page, a half sent body) may be whole at the next try. */
export function readAnswer<S extends z.ZodType>(api: Api, call: ApiCall, answer: ApiAnswer, schema: S): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch {
    throw new Error(
      `${api.name} answered with something that is not JSON when asked to ${call.purpose}: ${start(api, answer)}`,
    );
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new Error(
    `${api.name} answered in a form that this package does not know when asked to ${call.purpose}: ${issues}`,
  );
}

function start(api: Api, { text }: ApiAnswer): string {
  return JSON.stringify(maskSecrets(text, api.secrets).slice(0, 200));
}
