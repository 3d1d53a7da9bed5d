// A profile of the executor `slurm`: what one batch job asks for. Safe in the workflow sandbox.
import { z } from 'zod';
import { OneLine, ProfileCount, REMOTE_FIELDS } from './profile-fields.ts';

/** One word of an `#SBATCH` line: no blanks, no quotes, nothing that sbatch or a shell would take apart. */
const Word = z
  .string()
  .min(1)
  .max(1000)
  .regex(/^[A-Za-z0-9_.,:@%+=/[\]()&|*~-]+$/, 'must be one word without blanks or quotes');

/** What a run relies on itself: one job, under its own name, on the cluster that is asked, and with its log where it is looked for. */
const RELIED_ON =
  /^(?:--(?:array|clusters|job-name|requeue|wait|test-only|output|chdir|export|export-file|wrap|parsable)(?:[=\s]|$)|-[aMJWoD])/;

const SbatchArgument = OneLine.regex(/^-/, 'must be one option with its value, such as --constraint=a100').refine(
  (argument) => !RELIED_ON.test(argument),
  'is an option that the run sets itself or cannot work with (one job, on the cluster of bin and slurm_conf)',
);

export const SlurmProfile = z.strictObject({
  executor: z.literal('slurm').describe('a batch job'),
  ...REMOTE_FIELDS,
  account: Word.nullish().describe('#SBATCH --account'),
  partition: Word.nullish().describe("#SBATCH --partition; default the cluster's"),
  qos: Word.nullish().describe('#SBATCH --qos'),
  time: z
    .union([
      ProfileCount,
      z
        .string()
        .regex(
          /^(\d+|\d+:\d{2}|\d+:\d{2}:\d{2}|\d+-\d{1,2}(:\d{2}(:\d{2})?)?)$/,
          'must be minutes, MM:SS, HH:MM:SS or D-HH:MM:SS',
        ),
    ])
    .nullish()
    .describe('#SBATCH --time: minutes, HH:MM:SS or D-HH:MM:SS; Slurm rounds up to minutes'),
  cpus_per_task: ProfileCount.nullish().describe('#SBATCH --cpus-per-task: CPUs of a node; one task is one node'),
  mem: Word.nullish().describe('#SBATCH --mem: memory of a node, such as 64G; 0 is all of it'),
  exclusive: z.boolean().default(false).describe('#SBATCH --exclusive: no other job on the nodes'),
  sbatch_args: z
    .array(SbatchArgument)
    .max(100)
    .default([])
    .describe('further #SBATCH arguments, one each, such as --constraint=a100'),
  srun_args: z.array(OneLine).max(100).default([]).describe('further arguments of srun, one each'),
  container_workdir: OneLine.nullish().describe('srun --container-workdir (pyxis)'),
  setup: z
    .array(OneLine)
    .max(200)
    .default([])
    .describe('shell lines that run on the first node before the ranks: module load, source, ...'),
  master_port: z
    .int()
    .min(1024)
    .max(65_535)
    .nullish()
    .describe('port of the rendezvous of several nodes; default made of the job id'),
  bin: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .nullish()
    .describe("folder of sbatch, squeue, sacct, scontrol and scancel on the worker's machine; default from PATH"),
  slurm_conf: z.string().startsWith('/', 'must be an absolute path').nullish().describe('SLURM_CONF of those programs'),
});
export type SlurmProfile = z.output<typeof SlurmProfile>;
