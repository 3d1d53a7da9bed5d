// `profile list`: what a worker offers, and what its profiles lack on this machine.
import { findAccount } from '../executors/dgxcloud/account.ts';
import { findWorkspace } from '../executors/lepton/workspace.ts';
import { loadWorkerConfig } from '../config/worker-policy.ts';
import { ConversionError } from '../contract/failures.ts';
import type { Profile } from '../contract/profiles.ts';
import type { ProfileListFlags } from './flags.ts';
import { EXIT_CODES } from './exit-codes.ts';

interface Listed {
  readonly name: string;
  readonly executor: Profile['executor'];
  /** Ranks, and where. */
  readonly what: string;
  /** Variables and settings of the worker that are not there. */
  readonly missing: readonly string[];
}

export async function listProfiles({ config, json }: ProfileListFlags): Promise<number> {
  const { policy, file } = await loadWorkerConfig(config);
  const profiles = Object.entries(policy.profiles)
    .map(([name, profile]) => describeProfile(name, profile))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (json) process.stdout.write(`${JSON.stringify({ event: 'profiles', file, profiles })}\n`);
  else {
    const width = Math.max(...profiles.map(({ name }) => name.length));
    for (const { name, executor, what, missing } of profiles) {
      const lacks = missing.length === 0 ? '' : `; not set here: ${missing.join(', ')}`;
      process.stdout.write(`${name.padEnd(width)}  ${executor.padEnd(8)}  ${what}${lacks}\n`);
    }
    process.stderr.write(`of ${file}; name one with run -r NAME or run -b NAME\n`);
  }
  return EXIT_CODES.done.code;
}

function describeProfile(name: string, profile: Profile): Listed {
  const { executor } = profile;
  return { name, executor, what: describePlace(profile), missing: findMissing(profile) };
}

function describePlace(profile: Profile): string {
  if (profile.executor === 'local') return "the worker's own machine";
  const ranks = profile.nproc_per_node ?? profile.gpus_per_node ?? null;
  const nodes = `${profile.nodes} ${profile.nodes === 1 ? 'node' : 'nodes'}`;
  return [
    ranks === null ? nodes : `${nodes} of ${ranks} ${ranks === 1 ? 'rank' : 'ranks'}`,
    ...(profile.container_image == null ? [] : [profile.container_image]),
    ...(profile.executor === 'lepton' ? [profile.resource_shape] : []),
    ...(profile.executor === 'dgxcloud' ? [`project ${profile.project_name}`] : []),
    ...(profile.executor === 'slurm' && profile.partition != null ? [`partition ${profile.partition}`] : []),
  ].join(', ');
}

function findMissing(profile: Profile): string[] {
  try {
    if (profile.executor === 'lepton') findWorkspace();
    if (profile.executor === 'dgxcloud') findAccount(profile);
    return [];
  } catch (error) {
    const missing = error instanceof ConversionError ? error.facts['missing'] : undefined;
    if (Array.isArray(missing)) return missing.map(String);
    throw error;
  }
}
