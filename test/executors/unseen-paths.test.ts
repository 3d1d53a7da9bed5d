import { expect, it } from 'vitest';
import { LocalProfile } from '../../src/contract/profiles.ts';
import { findUnseenPaths } from '../../src/executors/unseen-paths.ts';
import { dgxCloudProfile, leptonProfile } from '../support/cloud-profiles.ts';

const REQUEST = { megatron_path: '/lustre/runs/iter_0000001', hf_path: '/lustre/out/model', profile: 'cloud' };
const lepton = (...paths: string[]): ReturnType<typeof leptonProfile> =>
  leptonProfile({ mounts: paths.map((mount_path) => ({ path: '/x', from: 'node-nfs:x', mount_path })) });

it('says nothing where both paths lie below a mount, and where nothing is known of mounts', () => {
  expect(findUnseenPaths(lepton('/lustre/'), REQUEST)).toEqual([]);
  expect(findUnseenPaths(lepton('/lustre/runs', '/lustre/out/model'), REQUEST)).toEqual([]);
  expect(findUnseenPaths(leptonProfile(), REQUEST)).toEqual([]);
  expect(findUnseenPaths(LocalProfile.parse({ executor: 'local' }), REQUEST)).toEqual([]);
});

it('names each path that the job would not see, and what it would', () => {
  const [source, ...rest] = findUnseenPaths(lepton('/lustre/out', '/lustre/run'), REQUEST);
  expect(rest).toEqual([]);
  expect(source).toBe(
    'megatron_path=/lustre/runs/iter_0000001 is not below what profile cloud mounts /lustre/out, /lustre/run. ' +
      'Ranks and worker must see one file system under the same path.',
  );
  expect(findUnseenPaths(dgxCloudProfile({ pvcs: [{ claimName: 'c', path: '/workspace' }] }), REQUEST)).toHaveLength(2);
});

it('names a target that the job could not write', () => {
  const pvcs = [
    { claimName: 'c', path: '/lustre', readOnly: true },
    { claimName: 'd', path: '/lustre/runs' },
  ];
  expect(findUnseenPaths(dgxCloudProfile({ pvcs }), REQUEST)).toEqual([
    'hf_path=/lustre/out/model cannot be written: profile cloud mounts /lustre (read only), /lustre/runs.',
  ]);
  const writable = [...pvcs, { claimName: 'e', path: '/lustre/out' }];
  expect(findUnseenPaths(dgxCloudProfile({ pvcs: writable }), REQUEST)).toEqual([]);
});
