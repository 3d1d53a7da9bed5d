// The profile that a request names, as this worker offers it.
import { ConversionError } from '../contract/failures.ts';
import { LOCAL_PROFILE, LocalProfile, type Profile } from '../contract/profiles.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';

type Offer = Pick<WorkerPolicy, 'profiles'>;

/** Names that a request may give, sorted. */
function listProfiles({ profiles }: Offer): string[] {
  return [...new Set([LOCAL_PROFILE, ...Object.keys(profiles)])].toSorted();
}

/** Why the request's profile cannot be used, or null where it can. */
export function findProfileProblem(name: string | null | undefined, policy: Offer): string | null {
  const wanted = name ?? LOCAL_PROFILE;
  const offered = listProfiles(policy);
  if (offered.includes(wanted)) return null;
  return `profile=${wanted}: this worker offers ${offered.join(', ')}. Name one of these, or ask the operator to add it to profiles in the worker configuration.`;
}

/** @throws ConversionError PolicyRefused naming the profiles that there are. */
export function findProfile(name: string | null | undefined, policy: Offer): Profile {
  const wanted = name ?? LOCAL_PROFILE;
  const problem = findProfileProblem(name, policy);
  if (problem !== null) {
    throw new ConversionError('PolicyRefused', problem, {
      problems: [problem],
      facts: { profiles: listProfiles(policy) },
    });
  }
  return (
    (Object.hasOwn(policy.profiles, wanted) ? policy.profiles[wanted] : undefined) ??
    LocalProfile.parse({ executor: 'local' })
  );
}
