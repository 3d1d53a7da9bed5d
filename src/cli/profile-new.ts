// `profile new`: a profile to start from, on stdout.
import { composeNewProfile } from '../config/new-profile.ts';
import type { ProfileNewFlags } from './flags.ts';
import { EXIT_CODES } from './exit-codes.ts';

export async function newProfile(name: string, { executor }: ProfileNewFlags): Promise<number> {
  process.stdout.write(await composeNewProfile(name, executor));
  return EXIT_CODES.done.code;
}
