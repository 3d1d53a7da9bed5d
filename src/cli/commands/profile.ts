// `profile`: the places where conversions can run.
import type { Command } from 'commander';
import type { ProfileListFlags, ProfileNewFlags, ProfileImportFlags } from '../flags.ts';

export function addProfileCommand(program: Command): void {
  const profile = program
    .command('profile')
    .description('list, write and import profiles: the places where ranks run')
    .addHelpText('after', EXAMPLES);
  profile
    .command('list')
    .description('the profiles that a worker with this configuration offers, and what they lack')
    .option(
      '-c, --config <path>',
      'worker configuration (default: $MEGATRON_TO_HF_WORKER_CONFIG, ./config/worker.yaml)',
    )
    .option('--json', 'one JSON object on stdout')
    .action(async (flags: ProfileListFlags) => {
      const { listProfiles } = await import('../profile-list.ts');
      process.exitCode = await listProfiles(flags);
    });
  profile
    .command('new')
    .description('print a profile to start from, with a word on every key')
    .argument('<name>', 'its name; lepton_convert_model speaks of the executor lepton')
    .option('-e, --executor <name>', 'local, slurm, lepton or dgxcloud (default: the one that the name speaks of)')
    .action(async (name: string, flags: ProfileNewFlags) => {
      const { newProfile } = await import('../profile-new.ts');
      process.exitCode = await newProfile(name, flags);
    });
  profile
    .command('import')
    .description("turn the profiles of the Nemotron step's env.toml into the profiles: section of worker.yaml")
    .argument('<env.toml>', 'the file; nothing in it is changed')
    .argument('[names...]', 'profiles to import, with what they extend (default: all)')
    .option('-o, --out <file>', 'a new file to write (default: stdout)')
    .action(async (file: string, names: string[], flags: ProfileImportFlags) => {
      const { importEnvToml } = await import('../profile-import.ts');
      process.exitCode = await importEnvToml(file, names, flags);
    });
}

const EXAMPLES = `
Examples:
  $ megatron-to-hf profile list
  $ megatron-to-hf profile new lepton_convert_model
  $ megatron-to-hf profile import env.lepton.toml lepton_convert_model
  $ megatron-to-hf profile import env.toml -o profiles.yaml

A request names a profile: run -b lepton_convert_model, or profile=lepton_convert_model. docs/profiles.md has every key.
`;
