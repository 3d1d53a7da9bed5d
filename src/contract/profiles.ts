// Profiles: the named places where the ranks of a conversion run. The operator of a worker writes them; a request only names one.
// Safe in the workflow sandbox.
import { z } from 'zod';
import { COMMON_FIELDS, Command, Words } from './profile-fields.ts';
import { DgxCloudProfile } from './profile-dgxcloud.ts';
import { LeptonProfile } from './profile-lepton.ts';
import { SlurmProfile } from './profile-slurm.ts';

/** The profile of a request that names none, and the only one that is always there: the worker's own machine. */
export const LOCAL_PROFILE = 'local';

/** A name is a part of dotted keys. */
export const PROFILE_NAME = /^[A-Za-z0-9_-]{1,100}$/;

export const LocalProfile = z.strictObject({
  executor: z.literal('local').describe('child processes of the worker, on its own machine; they end with it'),
  ...COMMON_FIELDS,
  launch_prefix: Words.nullish().describe(
    "put before torchrun: a container runtime, numactl, ...; default the worker's launch_prefix",
  ),
  torchrun: Command.nullish().describe("torchrun, with leading arguments; default the worker's"),
});
export type LocalProfile = z.output<typeof LocalProfile>;

/** One schema an executor, in the order of the documentation. */
export const PROFILE_SCHEMAS = {
  local: LocalProfile,
  slurm: SlurmProfile,
  lepton: LeptonProfile,
  dgxcloud: DgxCloudProfile,
} as const;

export const Profile = z.discriminatedUnion('executor', [LocalProfile, SlurmProfile, LeptonProfile, DgxCloudProfile]);
export type Profile = z.output<typeof Profile>;

/** A profile whose ranks run somewhere else, as a job. */
export type RemoteProfile = Exclude<Profile, LocalProfile>;

export type Profiles = Readonly<Record<string, Profile>>;
