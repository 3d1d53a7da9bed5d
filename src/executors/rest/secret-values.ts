// Values of a job's variables that no message may show.
import type { JobSpec } from '../types.ts';

const SECRET = /KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL/i;

/** Of the variables whose name says that they are secret: a refusal may repeat what was posted. */
export function secretValues({ environment }: Pick<JobSpec, 'environment'>): string[] {
  return Object.entries(environment).flatMap(([name, value]) => (SECRET.test(name) ? [value] : []));
}
