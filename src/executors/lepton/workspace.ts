// The Lepton workspace of a worker: from its environment, and from nowhere else.
import { ConversionError } from '../../contract/failures.ts';
import type { Api } from '../rest/call-api.ts';

export interface Workspace extends Api {
  /** Without a slash at its end. */
  readonly url: string;
}

/** Where the service keeps a workspace (leptonai 0.47.1, `config.py`). */
const SERVICE = 'https://gateway.dgxc-lepton.nvidia.com/api/v2/workspaces';

/** What an operator does about a refused token. */
export const TOKEN_HINT =
  'Put a valid token of the workspace into LEPTON_WORKSPACE_TOKEN of the worker (and its id into LEPTON_WORKSPACE_ID), then start it again.';

/**
 * LEPTON_WORKSPACE_ID, LEPTON_WORKSPACE_TOKEN and LEPTON_WORKSPACE_URL, as the `lep` client reads them.
 * @throws ConversionError SchedulerFailed, final, naming every variable that is missing.
 */
export function findWorkspace(environment: NodeJS.ProcessEnv = process.env): Workspace {
  const id = environment['LEPTON_WORKSPACE_ID'] ?? '';
  // The id may come as the dashboard's credential string, id:token.
  const [name = '', ownToken = ''] = id.split(':', 2);
  const token = environment['LEPTON_WORKSPACE_TOKEN'] || ownToken;
  const given = environment['LEPTON_WORKSPACE_URL'] ?? '';
  const missing = [
    ...(name === '' && given === '' ? ['LEPTON_WORKSPACE_ID'] : []),
    ...(token === '' ? ['LEPTON_WORKSPACE_TOKEN'] : []),
  ];
  if (missing.length > 0) {
    const message = `The profile runs on Lepton, and the worker's environment lacks ${missing.join(' and ')}. Set it for the worker and start it again; a request cannot bring it.`;
    throw new ConversionError('SchedulerFailed', message, { problems: [message], facts: { missing, final: true } });
  }
  const url = (given === '' ? `${SERVICE}/${encodeURIComponent(name)}` : given).replace(/\/+$/, '');
  const origin: Record<string, string> = url.includes('dgxc') ? { Origin: new URL(url).origin } : {};
  return { name: 'Lepton', url, secrets: [token], headers: { Authorization: `Bearer ${token}`, ...origin } };
}
