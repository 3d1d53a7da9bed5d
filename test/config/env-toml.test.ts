import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkImported } from '../../src/config/env-toml/check-imported.ts';
import { convertProfile } from '../../src/config/env-toml/convert-profile.ts';
import { importProfiles } from '../../src/config/env-toml/import-profiles.ts';
import { rulesOf } from '../../src/config/env-toml/key-rules.ts';
import { type EnvFile, readEnvToml } from '../../src/config/env-toml/read-env-toml.ts';
import { renderProfiles } from '../../src/config/env-toml/render-profiles.ts';
import { interpolate } from '../../src/config/interpolate.ts';
import { readProfiles, splitProfiles } from '../../src/config/profiles.ts';
import { readYamlText } from '../../src/config/read-yaml.ts';
import { printYaml } from '../../src/config/yaml-values.ts';
import { Profile, type Profiles } from '../../src/contract/profiles.ts';

const FOLDER = join(import.meta.dirname, 'env-toml');
const ENVIRONMENT = { USER: 'ada', HF_TOKEN: 'hf_x', WANDB_API_KEY: 'w' };

function readFixture(name: string): EnvFile {
  return readEnvToml(readFileSync(join(FOLDER, `${name}.toml`), 'utf8'), `${name}.toml`);
}

function importFixture(name: string): string {
  const file = readFixture(name);
  return renderProfiles(importProfiles(file, [...file.profiles.keys()]), { file: `${name}.toml`, ...file });
}

function load(yaml: string): { profiles: Profiles; problems: string[] } {
  const resolved = interpolate(readYamlText(yaml, 'test', 'file').leaves, ENVIRONMENT);
  const { profiles, problems } = readProfiles(splitProfiles(resolved.leaves).profiles);
  return { profiles, problems: [...resolved.problems, ...problems] };
}

describe.each(['slurm', 'lepton', 'dgxcloud'])('the profiles that the step ships for %s', (name) => {
  it('become these', async () => {
    await expect(importFixture(name)).toMatchFileSnapshot(join(FOLDER, `${name}.expected.txt`));
  });

  it('are taken by a worker, each with what the step would merge for it', () => {
    const yaml = importFixture(name);
    expect(checkImported(yaml, ENVIRONMENT)).toEqual([]);
    const { profiles } = load(yaml);
    for (const profile of readFixture(name).profiles.values()) {
      const executor = name as 'slurm' | 'lepton' | 'dgxcloud';
      const { fields } = convertProfile(profile.name, executor, profile.merged);
      const whole = interpolate(readYamlText(printYaml(fields), 'test', 'file').leaves, ENVIRONMENT).leaves;
      const alone = new Map([...whole].map(([path, leaf]) => [`profiles.alone.${path}`, leaf]));
      expect(profiles[profile.name]).toEqual(Profile.parse(readProfiles(alone).profiles['alone']));
    }
    expect(Object.keys(profiles)).toContain(`${name}_convert_model`);
  });
});

describe('what people write by hand', () => {
  const yaml = importFixture('own');
  const { profiles, problems } = load(yaml);

  it('becomes this', async () => {
    await expect(yaml).toMatchFileSnapshot(join(FOLDER, 'own.expected.txt'));
  });

  it('never shows a secret', () => {
    for (const secret of ['thisisasecret', 'hunter2pass', 'rs-literal', 'defaultsecret', 'literal-in-spec']) {
      expect(yaml).not.toContain(secret);
    }
    expect(yaml).toContain("HF_TOKEN: ${oc.env:HF_TOKEN,''}");
    expect(yaml).toMatch(/# env_vars: HF_TOKEN was written as it is; put it into the worker's environment as HF_TOKEN/);
    expect(profiles['lepton']).toBeUndefined();
  });

  it('loses no key in silence', () => {
    const file = readFixture('own');
    for (const { own, merged, name } of file.profiles.values()) {
      const executor = merged['executor'];
      if (executor !== 'local' && executor !== 'slurm' && executor !== 'lepton' && executor !== 'dgxcloud') continue;
      const { fields, notes } = convertProfile(name, executor, merged);
      for (const key of Object.keys(own)) {
        const rule = rulesOf(executor)[key];
        const isWritten = key === 'executor' || (rule !== undefined && 'to' in rule && Object.hasOwn(fields, rule.to));
        const isNone = own[key] === 0 || own[key] === '';
        expect(isWritten || isNone || notes.some((note) => note.key === key), `${name}.${key}`).toBe(true);
      }
    }
    expect(yaml).toMatch(/# partiton: not known to the step/);
    expect(yaml).toMatch(/# stray is left out/);
    expect(yaml).toMatch(/# on-docker:\n {2}# executor: executor "docker"/);
    expect(yaml).toMatch(/# nowhere:\n {2}# executor: executor is missing/);
  });

  it('keeps the inheritance of the step: lists are replaced, so mounts that do not grow need no parent', () => {
    expect(profiles['my-cluster']).toMatchObject({ partition: 'backfill', mounts: ['/data:/data', '/lustre:/lustre'] });
    expect(profiles['my-cluster-large']).toMatchObject({ nodes: 16, mounts: ['/other:/other', '/lustre:/lustre'] });
    expect(yaml).toMatch(/my-cluster-large:\n {4}executor: slurm/);
    expect(profiles['my-cluster-small']).toMatchObject({
      nodes: 1,
      mounts: ['/data:/data', '/lustre:/lustre', '/more:/more'],
    });
    expect(yaml).toMatch(/# name: was called "my cluster.small"\n {2}my-cluster-small:\n {4}extends: my-cluster\n/);
  });

  it('says what a worker would refuse', () => {
    expect(problems.filter((problem) => problem.includes('profiles.lepton.'))).toEqual([
      expect.stringMatching(/mounts .*must name the storage/),
    ]);
  });
});

describe('an env.toml that is broken', () => {
  it.each([
    ['not TOML', 'a = [1\nb', /env.toml:\d+:\d+: not TOML/],
    ['a cycle', '[a]\nextends = "b"\n[b]\nextends = "a"', /cycle: a -> b -> a/],
    ['an unknown parent', '[a]\nextends = "b"', /\[a\] extends b, and there is no such section/],
    ['a parent that is no name', '[a]\nextends = 1', /extends of \[a\] must be the name/],
  ])('is refused: %s', (_, text, message) => {
    expect(() => readEnvToml(text, 'env.toml')).toThrow(message);
  });

  it('shows no line of it, which may hold a secret', () => {
    expect(() => readEnvToml('[a]\ntoken = "hf_secret0123456789\n', 'env.toml')).toThrow(/^((?!hf_secret).)*$/s);
  });
});
