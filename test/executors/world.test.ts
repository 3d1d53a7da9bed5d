// How many ranks a profile gives, and where a job and its programs are.
import { describe, expect, it } from 'vitest';
import { ConversionInput } from '../../src/contract/index.ts';
import { SlurmProfile } from '../../src/contract/profile-slurm.ts';
import { LocalProfile } from '../../src/contract/profiles.ts';
import { chooseRanks } from '../../src/engines/preflight-ranks.ts';
import { findProfile, findProfileProblem } from '../../src/executors/find-profile.ts';
import { nameJob } from '../../src/executors/job-name.ts';
import { describePlace } from '../../src/executors/place.ts';
import { profileWorld, shareRanks } from '../../src/executors/world.ts';

const slurm = (fields: object) => SlurmProfile.parse({ executor: 'slurm', ...fields });
const input = (more: object = {}) =>
  ConversionInput.parse({ megatron_path: '/a', hf_model_id: '/b', hf_path: '/c', ...more });
const defaulted = ['torchrun.nproc_per_node', 'torchrun.nnodes'];

describe('the world of a profile', () => {
  it.each([
    ['nothing said', {}, {}, 1, 1],
    ['gpus', { nodes: 2, gpus_per_node: 8 }, {}, 2, 8],
    ['ranks win over gpus', { gpus_per_node: 8, nproc_per_node: 4 }, {}, 1, 4],
    [
      'a default of a file',
      { nodes: 2, nproc_per_node: 4 },
      { torchrun: { nproc_per_node: 8, nnodes: 1 }, defaulted },
      2,
      4,
    ],
    ['a default where the profile says nothing', {}, { torchrun: { nproc_per_node: 8 }, defaulted }, 1, 8],
    ['a person', { nodes: 2, nproc_per_node: 4 }, { torchrun: { nproc_per_node: 3, nnodes: 5 } }, 5, 3],
    ['one process', { nodes: 2, nproc_per_node: 4 }, { distributed: false }, 1, 1],
  ])('%s', (_, profile, request, nodes, ranksPerNode) => {
    expect(profileWorld(slurm(profile), input(request))).toMatchObject({ nodes, ranksPerNode });
  });

  it('is no larger than there are files, unless a person asks', () => {
    const profile = slurm({ nodes: 4, nproc_per_node: 8 });
    expect(chooseRanks(input(), 2, 10, profile)).toMatchObject({ ranks: 12 });
    expect(shareRanks(profile, input(), 12)).toEqual({ nodes: 4, ranksPerNode: 3, distributed: true });
    expect(chooseRanks(input(), 2, 3, profile).notes[0]).toContain("3 rank(s) instead of the profile's 32");
    expect(shareRanks(profile, input(), 3)).toEqual({ nodes: 3, ranksPerNode: 1, distributed: true });
    expect(chooseRanks(input({ torchrun: { nproc_per_node: 8 } }), 2, 3, profile).ranks).toBe(32);
    expect(shareRanks(LocalProfile.parse({ executor: 'local' }), input(), 5).nodes).toBe(1);
  });
});

describe('findProfile', () => {
  it('knows local without being told, and lists the others', () => {
    const policy = { profiles: { b: slurm({}), a: slurm({}) } };
    expect(findProfile(null, policy)).toMatchObject({ executor: 'local' });
    expect(findProfileProblem('toString', policy)).toContain('this worker offers a, b, local');
    expect(() => findProfile('c', policy)).toThrow(expect.objectContaining({ type: 'PolicyRefused' }));
  });
});

describe('describePlace', () => {
  const programs = { torchrun: ['/here/torchrun'], launchPrefix: [] };
  const file = new URL('../../src/rank/main.ts', import.meta.url).pathname;

  it('is the same as here where the profile says nothing else', () => {
    const { node, torchrun, inPackage } = describePlace(slurm({}), programs);
    expect([node, torchrun, inPackage(file)]).toEqual([[process.execPath], ['/here/torchrun'], file]);
  });

  it('is another one in a container', () => {
    const profile = slurm({ node: ['/opt/node'], package_root: '/opt/m2h', torchrun: ['/opt/torchrun'] });
    const { node, torchrun, inPackage } = describePlace(profile, programs);
    expect([node, torchrun, inPackage(file)]).toEqual([['/opt/node'], ['/opt/torchrun'], '/opt/m2h/src/rank/main.ts']);
  });
});

describe('nameJob', () => {
  it('is the same for the same staging directory, and short and plain', () => {
    expect(nameJob('/x/.a.0123.partial/')).toBe(nameJob('/x/.a.0123.partial'));
    expect(nameJob('/x/.a.0123.partial')).not.toBe(nameJob('/x/.b.0123.partial'));
    expect(nameJob('/x/.a.0123.partial')).toMatch(/^[a-z][a-z0-9-]{1,33}$/);
  });
});
