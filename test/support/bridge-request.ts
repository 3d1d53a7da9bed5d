// A request of `convert` for engine bridge with the stand-in converter, on a model that no table knows.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { REQUEST } from '../world/ranks.ts';
import { bridgePolicy, unknownReference } from './bridge-worker.ts';

/** Writes worker configuration and reference into `folder`; two ranks are expected. */
export async function bridgeRequest(folder: string): Promise<readonly string[]> {
  const { script, python, environment } = bridgePolicy();
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const worker = join(folder, 'worker.yaml');
  await writeFile(worker, stringify({ bridge: { enabled: true, script, python, environment: settings } }));
  return [...REQUEST, `hf_model_id=${await unknownReference(folder)}`, 'tp=2', 'ep=1', '--worker', worker, '--json'];
}
