// The executor of a profile.
import type { RemoteProfile } from '../contract/profiles.ts';
import { makeDgxCloudExecutor } from './dgxcloud/executor.ts';
import { makeLeptonExecutor } from './lepton/executor.ts';
import { makeSlurmExecutor } from './slurm/executor.ts';
import type { Executor } from './types.ts';

/** @param folder - scripts and logs of the job's attempt: on the file system that the ranks share. Exists. */
export function makeExecutor(profile: RemoteProfile, folder: string, torchrun: readonly string[]): Executor {
  if (profile.executor === 'slurm') return makeSlurmExecutor(profile, folder, torchrun);
  if (profile.executor === 'lepton') return makeLeptonExecutor(profile, folder);
  return makeDgxCloudExecutor(profile, folder);
}
