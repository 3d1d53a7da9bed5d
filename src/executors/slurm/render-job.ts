// The texts of a Slurm job: batch script, task of a node, environment. Pure.
import type { SlurmProfile } from '../../contract/profile-slurm.ts';
import type { JobSpec } from '../types.ts';
import type { JobFiles } from './job-files.ts';
import { quote, quoteAll } from '../quote.ts';

/** Seconds that torchrun waits for ranks after SIGTERM before it kills them. */
const SHUTDOWN_SECONDS = 10;
/** Seconds before srun asks an absent controller again; it has waited about 10 s itself each time. */
const PAUSES = [5, 10, 20, 40, 80];
/** Seconds after the first node's end until srun ends the others. */
const WAIT_SECONDS = 60;
/** Ports below those that the kernel hands out. Jobs that run at the same time have neighbouring ids. */
const [FIRST_PORT, PORTS] = [20_000, 12_000];

/**
 * The batch script. It runs on the first node; `srun` starts the task once on each node.
 *
 * `--no-requeue`: a pre-empted job that comes back has the same id and the same attempt, unseen by the run; instead it ends, and the next
 * attempt submits another one.
 */
export function renderScript(spec: JobSpec, profile: SlurmProfile, files: JobFiles): string {
  return `#!/bin/bash
${directives(spec, profile).join('\n')}

# The first job of an attempt takes it; a second one has nothing to do.
if ! (set -o noclobber; echo "$SLURM_JOB_ID" > ${quote(files.claim)}) 2>/dev/null; then
  if [ ! -e ${quote(files.claim)} ]; then
    echo "job $SLURM_JOB_ID cannot write to "${quote(spec.folder)}": its nodes must see the staging directory at the same path as the worker"
    exit 1
  fi
  echo "job $SLURM_JOB_ID has nothing to do: this attempt is that of job $(cat ${quote(files.claim)})"
  exit 0
fi
echo "job $SLURM_JOB_ID on $SLURM_JOB_NODELIST"
. ${quote(files.environment)}
rm -f ${quote(files.environment)}
${[...rendezvous(spec, profile), ...profile.setup].map((line) => `${line}\n`).join('')}
# A controller that is away for a moment is asked again, as long as no task has begun.
for pause in ${PAUSES.join(' ')}; do
  ${quoteAll(['srun', ...srunOptions(spec, profile)])} bash ${quote(files.task)}
  code=$?
  [ ! -e ${quote(files.begun)} ] && tail -n 5 ${quote(files.log)} | grep -q 'srun: .*Unable to contact slurm controller' || break
  sleep "$pause"
done
echo "$code" > ${quote(`${files.exit}.tmp`)} && mv ${quote(`${files.exit}.tmp`)} ${quote(files.exit)}
exit "$code"
`;
}

/** What runs on each node: torchrun over its ranks, or the one rank itself. */
export function renderTask(spec: JobSpec, torchrun: readonly string[], files: JobFiles): string {
  return `#!/bin/bash\n: > ${quote(files.begun)}\nexec ${taskCommand(spec, torchrun)}\n`;
}

/** `export NAME=value` lines, to be sourced. */
export function renderEnvironment(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('');
}

function directives(spec: JobSpec, profile: SlurmProfile): string[] {
  const given: [option: string, value: string | number | null | undefined][] = [
    ['job-name', spec.name],
    ['nodes', spec.nodes],
    ['ntasks-per-node', 1],
    ['account', profile.account],
    ['partition', profile.partition],
    ['qos', profile.qos],
    ['time', profile.time],
    ['cpus-per-task', profile.cpus_per_task],
    ['gpus-per-node', profile.gpus_per_node],
    ['mem', profile.mem],
  ];
  const options = given.flatMap(([option, value]) => (value == null ? [] : [`--${option}=${value}`]));
  const flags = ['--no-requeue', '--open-mode=append', ...(profile.exclusive ? ['--exclusive'] : [])];
  return [...options, ...flags, ...profile.sbatch_args].map((option) => `#SBATCH ${option}`);
}

function srunOptions(spec: JobSpec, profile: SlurmProfile): string[] {
  const { container_image: image, container_workdir: workdir, cpus_per_task: cpus, mounts } = profile;
  return [
    `--nodes=${spec.nodes}`,
    `--ntasks=${spec.nodes}`,
    '--ntasks-per-node=1',
    '--kill-on-bad-exit=1',
    `--wait=${WAIT_SECONDS}`,
    // It would take over sbatch's list, which knows nothing of the environment file and of the setup.
    '--export=ALL',
    // Since 22.05 srun no longer takes it over from sbatch.
    ...(cpus == null ? [] : [`--cpus-per-task=${cpus}`]),
    ...(image == null ? [] : [`--container-image=${image}`]),
    ...(mounts.length === 0 ? [] : [`--container-mounts=${mounts.join(',')}`]),
    ...(workdir == null ? [] : [`--container-workdir=${workdir}`]),
    ...profile.srun_args,
  ];
}

const isOneProcess = ({ distributed, nodes, ranksPerNode }: JobSpec): boolean =>
  !distributed || nodes * ranksPerNode === 1;

/** The script runs on the first node, which is where the ranks of all nodes meet; Slurm knows the address by which others reach it. */
function rendezvous(spec: JobSpec, profile: SlurmProfile): string[] {
  if (spec.nodes === 1 || isOneProcess(spec)) return [];
  const port = profile.master_port ?? `$((${FIRST_PORT} + SLURM_JOB_ID % ${PORTS}))`;
  return [
    `MASTER_ADDR=$(scontrol -o show node "$SLURMD_NODENAME" | sed -n 's/.* NodeAddr=\\([^ ]*\\).*/\\1/p')`,
    'export MASTER_ADDR=${MASTER_ADDR:-$(hostname)}',
    `export MASTER_PORT=${port}`,
  ];
}

function taskCommand(spec: JobSpec, torchrun: readonly string[]): string {
  const program = quoteAll(spec.program);
  if (isOneProcess(spec)) return program;
  const meeting =
    spec.nodes === 1
      ? '--standalone'
      : `--nnodes=${spec.nodes} --node-rank="$SLURM_NODEID" --master-addr="$MASTER_ADDR" --master-port="$MASTER_PORT"`;
  const options = `--nproc-per-node=${spec.ranksPerNode} --shutdown-timeout=${SHUTDOWN_SECONDS} --no-python`;
  return `${quoteAll(torchrun)} ${meeting} ${options} ${program}`;
}
