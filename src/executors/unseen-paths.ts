// Paths of a request that a job of a profile would not see. Pure.
import { normalize } from 'node:path';
import type { ConversionInput } from '../contract/input.ts';
import type { Profile } from '../contract/profiles.ts';

interface Mount {
  readonly path: string;
  readonly readOnly: boolean;
}

/**
 * A job of Lepton or DGX Cloud sees what the profile mounts, and nothing else: checkpoint and target must lie below one of its mounts, since
 * ranks and worker use one file system under one path. A profile without mounts is taken for one whose image brings them along.
 */
export function findUnseenPaths(
  profile: Profile,
  input: Pick<ConversionInput, 'megatron_path' | 'hf_path' | 'profile'>,
): string[] {
  const mounts = listMounts(profile);
  if (mounts.length === 0) return [];
  const below = (path: string): Mount[] => mounts.filter((mount) => isBelow(normalize(path), normalize(mount.path)));
  const where = `profile ${input.profile ?? ''} mounts ${mounts.map(({ path, readOnly }) => (readOnly ? `${path} (read only)` : path)).join(', ')}`;
  const advice = 'Ranks and worker must see one file system under the same path.';
  const unseen = (['megatron_path', 'hf_path'] as const).filter((name) => below(input[name]).length === 0);
  const locked = below(input.hf_path).length > 0 && below(input.hf_path).every(({ readOnly }) => readOnly);
  return [
    ...unseen.map((name) => `${name}=${input[name]} is not below what ${where}. ${advice}`),
    ...(locked ? [`hf_path=${input.hf_path} cannot be written: ${where}.`] : []),
  ];
}

function listMounts(profile: Profile): Mount[] {
  if (profile.executor === 'lepton') {
    return profile.mounts.map(({ mount_path: path, read_only: readOnly }) => ({ path, readOnly: readOnly === true }));
  }
  if (profile.executor === 'dgxcloud') {
    return profile.pvcs.map(({ path, readOnly }) => ({ path, readOnly: readOnly === true }));
  }
  return [];
}

function isBelow(path: string, folder: string): boolean {
  const root = folder.replace(/\/+$/, '');
  return path === root || path.startsWith(`${root}/`);
}
