// The service account of a worker at Run:ai: from the profile and the worker's environment.
import { ConversionError } from '../../contract/failures.ts';
import type { DgxCloudProfile } from '../../contract/profile-dgxcloud.ts';

export interface Account {
  /** Without a slash at its end. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Name of the variable that held the secret, for messages. */
  readonly secretVariable: string;
}

type Source = Pick<DgxCloudProfile, 'base_url' | 'client_id' | 'client_secret_env'>;

/** @throws ConversionError SchedulerFailed, final, naming everything that is missing. */
export function findAccount(profile: Source, environment: NodeJS.ProcessEnv = process.env): Account {
  const secretVariable = profile.client_secret_env;
  const url = profile.base_url ?? environment['DGXCLOUD_BASE_URL'] ?? '';
  const clientId = profile.client_id ?? environment['DGXCLOUD_CLIENT_ID'] ?? '';
  const clientSecret = environment[secretVariable] ?? '';
  const missing = [
    ...(url === '' ? ['base_url (or DGXCLOUD_BASE_URL)'] : []),
    ...(clientId === '' ? ['client_id (or DGXCLOUD_CLIENT_ID)'] : []),
    ...(clientSecret === '' ? [secretVariable] : []),
  ];
  if (missing.length > 0) {
    const message = `The profile runs on DGX Cloud, and the worker lacks ${missing.join(', ')}. Set it in the profile or the worker's environment and start the worker again; a request cannot bring it.`;
    throw new ConversionError('SchedulerFailed', message, { problems: [message], facts: { missing, final: true } });
  }
  return { url: url.replace(/\/+$/, ''), clientId, clientSecret, secretVariable };
}
