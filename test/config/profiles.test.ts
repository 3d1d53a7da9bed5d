// `profiles:` of worker.yaml: inheritance, and every problem with its place.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadWorkerConfig } from '../../src/config/worker-policy.ts';
import { ConversionError } from '../../src/contract/index.ts';
import type { Profiles } from '../../src/contract/profiles.ts';
import { makeFolder } from './config-folder.ts';

async function read(...lines: string[]): Promise<Profiles> {
  const folder = await makeFolder({ 'worker.yaml': ['profiles:', ...lines.map((line) => `  ${line}`)].join('\n') });
  return (await loadWorkerConfig(join(folder, 'worker.yaml'))).policy.profiles;
}

async function problemsOf(...lines: string[]): Promise<string> {
  const error: unknown = await read(...lines).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConversionError)) throw new Error('no problem was found', { cause: error });
  expect(error.type).toBe('InvalidInput');
  return error.problems.join('\n').replaceAll(/\/\S*\/(?=worker\.yaml)/g, '');
}

describe('profiles', () => {
  it('always have local, which may be described', async () => {
    expect(await read()).toEqual({ local: { executor: 'local', env: {} } });
    const { local } = await read('local: {executor: local, launch_prefix: [numactl], env: {A: 1}}');
    expect(local).toEqual({ executor: 'local', launch_prefix: ['numactl'], env: { A: '1' } });
  });

  it('extend each other: the child wins, environments are merged, mounts are added, null takes back', async () => {
    const profiles = await read(
      'base: {executor: slurm, account: a, partition: p, time: "02:00:00", mounts: ["/a:/a"], setup: [one], env: {X: 1, Y: yes, Z: 007}}',
      'middle: {extends: base, partition: q, mounts: ["/b:/b"], env: {X: two}}',
      'leaf: {extends: middle, account: null, nodes: 2, setup: [two], env: {Y: null}}',
    );
    expect(profiles['leaf']).toMatchObject({
      executor: 'slurm',
      partition: 'q',
      time: '02:00:00',
      nodes: 2,
      mounts: ['/a:/a', '/b:/b'],
      setup: ['two'],
      env: { X: 'two', Z: '007' },
    });
    expect(profiles['leaf']).not.toHaveProperty('account');
    expect(profiles['base']).toMatchObject({ account: 'a', nodes: 1, env: { X: '1', Y: 'yes', Z: '007' } });
  });

  it('refuse what would take a job of Slurm out of sight, or make it several', async () => {
    const args = [
      '--job-name=x',
      '-J x',
      '--array=0-3',
      '--clusters=other',
      '--requeue',
      '--wait',
      '-o /tmp/log',
      'gpu',
    ];
    for (const arg of args) {
      expect(await problemsOf(`a: {executor: slurm, sbatch_args: ["--constraint=a100", "${arg}"]}`)).toMatch(
        /^profiles\.a\.sbatch_args/,
      );
    }
    const kept = ['--no-requeue', '--reservation=r', '-A team', '--output-x', '--exclude=n[1-2]'];
    const profiles = await read(`a: {executor: slurm, sbatch_args: ${JSON.stringify(kept)}}`);
    expect(profiles['a']).toMatchObject({ sbatch_args: kept });
  });

  it('interpolate like everything else', async () => {
    const profiles = await read(
      'one: {executor: slurm, account: "${oc.env:NO_SUCH_ACCOUNT,general}", nodes: "${oc.env:NO_SUCH_NODES,3}"}',
      'two: {extends: one, partition: "${profiles.one.account}"}',
    );
    expect(profiles['two']).toMatchObject({ account: 'general', partition: 'general', nodes: 3 });
  });

  it('that form a cycle, extend nobody or name no executor are told by name and line', async () => {
    expect(await problemsOf('a: {extends: b}', 'b: {extends: c}', 'c: {extends: a}')).toContain(
      'profiles extend each other in a cycle: a -> b -> c -> a',
    );
    expect(await problemsOf('slurm_base: {executor: slurm}', 'a: {extends: slurm_bas}')).toBe(
      'profiles.a.extends (worker.yaml:3): there is no profile slurm_bas; did you mean slurm_base? There are slurm_base, a',
    );
    expect(await problemsOf('a: {nodes: 2}')).toBe('profiles.a names no executor (local, slurm, lepton, dgxcloud)');
    expect(await problemsOf('a: {executor: docker}')).toContain(
      'there is no executor "docker"; there are local, slurm',
    );
    expect(await problemsOf('local: {executor: slurm}')).toContain("the profile local is the worker's own machine");
    expect(await problemsOf('a: 3')).toContain('a profile is a mapping that names its executor');
  });

  it('with wrong keys and values are told all at once', async () => {
    const problems = await problemsOf(
      'a:',
      '  executor: slurm',
      '  partitoin: x',
      '  time: soon',
      '  account: "a b"',
      '  env: {"BAD NAME": 1}',
      '  setup: ["two\\nlines"]',
    );
    expect(problems).toContain(
      'profiles.a.partitoin (worker.yaml:4): there is no such parameter; did you mean partition?',
    );
    for (const key of [
      'time (worker.yaml:5)',
      'account (worker.yaml:6)',
      'env (worker.yaml:7)',
      'setup (worker.yaml:8)',
    ]) {
      expect(problems).toContain(`profiles.a.${key}`);
    }
  });
});
