// Set-up of `npm run test:slurm`: Debian's Slurm, which the tests start by themselves. Nothing is configured, and no service is started.
// Like setup.mjs it has no dependencies and works under Node 20; a second run only looks for the programs.
import { existsSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './setup/lock.mjs';
import { runCommand, SetupError } from './setup/run-command.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const PACKAGES = ['slurm-wlm', 'slurm-wlm-basic-plugins'];
const PROGRAMS = ['sbatch', 'srun', 'squeue', 'scontrol', 'sacct', 'scancel', 'sinfo', 'slurmctld', 'slurmd'];
const BY_HAND = `Install Slurm with its basic plugins (auth/none among them), on Debian or Ubuntu as root: apt-get install -y --no-install-recommends ${PACKAGES.join(' ')}`;

function missingPrograms() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].filter(
    (folder) => folder !== '',
  );
  return PROGRAMS.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
}

async function install(share) {
  const missing = missingPrograms();
  if (missing.length === 0) return;
  const what = `Slurm is not complete on this machine: ${missing.join(', ')} not found.`;
  if (!existsSync('/usr/bin/apt-get')) throw new SetupError(`${what} There is no apt-get here. ${BY_HAND}`);
  if (process.getuid?.() !== 0) throw new SetupError(`${what} ${BY_HAND}`);
  const apt = (says, ...args) =>
    runCommand('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args], {
      cwd: root,
      says,
      advice: BY_HAND,
      share,
    });
  await apt('looking for packages with apt-get', 'update');
  await apt('installing Slurm with apt-get', 'install', '-y', '--no-install-recommends', ...PACKAGES);
  const left = missingPrograms();
  if (left.length > 0)
    throw new SetupError(`apt-get installed ${PACKAGES.join(' and ')}, and ${left.join(', ')} is still not found.`);
}

try {
  if (missingPrograms().length > 0) await withLock(resolve(root, '.cache/setup.lock'), install);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\nset-up: ${error.message}`);
  process.exitCode = 1;
}
