// Whether a worker would take what was imported.
import { interpolate } from '../interpolate.ts';
import { readProfiles, splitProfiles } from '../profiles.ts';
import { readYamlText } from '../read-yaml.ts';

/** Every problem that a worker with this section and this environment would find. */
export function checkImported(yaml: string, environment: NodeJS.ProcessEnv): string[] {
  const { leaves } = readYamlText(yaml, 'profiles', 'file');
  const resolved = interpolate(leaves, environment);
  return [...resolved.problems, ...readProfiles(splitProfiles(resolved.leaves).profiles).problems];
}
