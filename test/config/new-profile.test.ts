import { describe, expect, it } from 'vitest';
import { interpolate } from '../../src/config/interpolate.ts';
import { listOptions } from '../../src/config/options.ts';
import { composeNewProfile, type ExecutorName } from '../../src/config/new-profile.ts';
import { readProfiles, splitProfiles } from '../../src/config/profiles.ts';
import { readYamlText } from '../../src/config/read-yaml.ts';
import { loadWorkerConfig } from '../../src/config/worker-policy.ts';
import { PROFILE_SCHEMAS, type Profile } from '../../src/contract/profiles.ts';

function load(yaml: string, name: string): Profile | undefined {
  const resolved = interpolate(readYamlText(yaml, 'test', 'file').leaves, {});
  const { profiles, problems } = readProfiles(splitProfiles(resolved.leaves).profiles);
  expect([...resolved.problems, ...problems]).toEqual([]);
  return profiles[name];
}

describe.each(Object.keys(PROFILE_SCHEMAS) as ExecutorName[])('a new profile of %s', (executor) => {
  const name = `my_${executor}_profile`;

  it('is taken by a worker as it stands, and with every comment made a key', async () => {
    const text = await composeNewProfile(name);
    expect(load(text, name)).toMatchObject({ executor });
    const [known = '', rest = ''] = text.split('# What else there is');
    const keys = rest.replaceAll(/^ {4}# ([a-z_]+: (?:null|true|false|[0-9"[{].*))$/gm, '    $1');
    expect(load(`${known}# ${keys}`, name)).toMatchObject({ executor });
    expect(keys).not.toBe(rest);
  });

  it('names every key once', async () => {
    const text = await composeNewProfile('x', executor);
    for (const { path, meaning } of listOptions(PROFILE_SCHEMAS[executor])) {
      expect(text.match(new RegExp(`^ {4}(# )?${path}:`, 'gm')), path).toHaveLength(1);
      expect(meaning, path).not.toBe('');
    }
  });
});

it('refuses a name that says nothing, and an executor that is none', async () => {
  await expect(composeNewProfile('mine')).rejects.toThrow(
    /speaks of no executor; give --executor local, slurm, lepton, dgxcloud/,
  );
  await expect(composeNewProfile('mine', 'kubernetes')).rejects.toThrow(/there is no executor kubernetes/);
  await expect(composeNewProfile('a b')).rejects.toThrow(/letters, digits/);
});

it("finds the step's names in the package's own configuration", async () => {
  const { policy } = await loadWorkerConfig();
  const names = ['dgxcloud_convert_model', 'lepton_convert_model', 'local', 'slurm_convert_model'];
  expect(Object.keys(policy.profiles).toSorted()).toEqual(names);
});
