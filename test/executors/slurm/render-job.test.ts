// The texts of a Slurm job, and that a shell reads them as they were meant.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SlurmProfile } from '../../../src/contract/profile-slurm.ts';
import { jobFiles } from '../../../src/executors/slurm/job-files.ts';
import { renderEnvironment, renderScript, renderTask } from '../../../src/executors/slurm/render-job.ts';
import type { JobSpec } from '../../../src/executors/types.ts';

const FOLDER = "/lustre/a b/it's/jobs/3";
const spec: JobSpec = {
  name: 'megatron-to-hf-0123456789abcdef',
  program: ['/opt/node', '--staging', '/lustre/$HOME `x` "y" \'z\''],
  nodes: 2,
  ranksPerNode: 4,
  distributed: true,
  environment: {},
  folder: FOLDER,
};
const render = (profile: object, more: Partial<JobSpec> = {}): string =>
  renderScript({ ...spec, ...more }, SlurmProfile.parse({ executor: 'slurm', ...profile }), jobFiles(FOLDER));

describe('the batch script', () => {
  it('asks for what the profile says', () => {
    const script = render({
      account: 'acc',
      partition: 'batch',
      qos: 'high',
      time: '02:00:00',
      gpus_per_node: 8,
      cpus_per_task: 16,
      mem: '64G',
      exclusive: true,
      sbatch_args: ['--constraint=a100&nvme'],
      srun_args: ['--mpi=none'],
      container_image: 'nvcr.io#nvidia/nemo:26.04',
      mounts: ['/lustre:/lustre', '/home/u:/u:ro'],
      container_workdir: '/work',
      setup: ['module load cuda/13'],
      master_port: 29_500,
    });
    expect(script.split('\n').filter((line) => line.startsWith('#SBATCH'))).toEqual([
      '#SBATCH --job-name=megatron-to-hf-0123456789abcdef',
      '#SBATCH --nodes=2',
      '#SBATCH --ntasks-per-node=1',
      '#SBATCH --account=acc',
      '#SBATCH --partition=batch',
      '#SBATCH --qos=high',
      '#SBATCH --time=02:00:00',
      '#SBATCH --cpus-per-task=16',
      '#SBATCH --gpus-per-node=8',
      '#SBATCH --mem=64G',
      '#SBATCH --no-requeue',
      '#SBATCH --open-mode=append',
      '#SBATCH --exclusive',
      '#SBATCH --constraint=a100&nvme',
    ]);
    const srun = script
      .split('\n')
      .find((line) => line.includes('srun --nodes'))
      ?.trim();
    expect(srun).toBe(
      'srun --nodes=2 --ntasks=2 --ntasks-per-node=1 --kill-on-bad-exit=1 --wait=60 --export=ALL --cpus-per-task=16 ' +
        "'--container-image=nvcr.io#nvidia/nemo:26.04' --container-mounts=/lustre:/lustre,/home/u:/u:ro " +
        `--container-workdir=/work --mpi=none bash '/lustre/a b/it'\\''s/jobs/3/task.sh'`,
    );
    expect(script.indexOf('module load cuda/13')).toBeLessThan(script.indexOf('srun --nodes'));
    expect(script).toContain('export MASTER_PORT=29500');
  });

  it('takes the defaults of the cluster where the profile says nothing', () => {
    const script = render({}, { nodes: 1 });
    expect(script).not.toMatch(/account|partition|--time|gpus|container|MASTER/);
  });

  it('runs once an attempt, keeps the exit code of srun, and removes the environment once it is read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'job-'));
    const files = jobFiles(folder);
    // srun's place is taken: what it would start is not what is tested here.
    writeFileSync(join(folder, 'srun'), '#!/bin/sh\necho "srun with $A_TOKEN"\nexit 7\n', { mode: 0o755 });
    writeFileSync(
      files.script,
      renderScript({ ...spec, nodes: 1, folder }, SlurmProfile.parse({ executor: 'slurm' }), files),
    );
    writeFileSync(files.log, '');
    writeFileSync(files.environment, renderEnvironment({ A_TOKEN: "it's $HOME" }));
    const run = (id: string): string => {
      const env = { PATH: `${folder}:${process.env['PATH']}`, SLURM_JOB_ID: id, SLURM_JOB_NODELIST: 'n0' };
      return execFileSync(
        'sh',
        ['-c', `bash ${files.script}; echo code $?; cat ${files.claim} ${files.exit}; ls ${folder}`],
        { env },
      ).toString();
    };
    const first = run('17');
    expect(first).toMatch(/srun with it's \$HOME\ncode 7\n17\n7\n/);
    expect(first).not.toContain('environment.sh');
    expect(run('18')).toMatch(/job 18 has nothing to do: this attempt is that of job 17\ncode 0\n17\n7\n/);
  });
});

describe('the task of a node', () => {
  const files = jobFiles(FOLDER);
  const torchrun = ['/opt/my venv/bin/torchrun', '--log-dir', '/tmp/x'];

  it('is torchrun with a static meeting point on several nodes', () => {
    expect(renderTask(spec, torchrun, files)).toBe(
      "#!/bin/bash\n: > '/lustre/a b/it'\\''s/jobs/3/begun'\nexec '/opt/my venv/bin/torchrun' --log-dir /tmp/x --nnodes=2 --node-rank=\"$SLURM_NODEID\" " +
        '--master-addr="$MASTER_ADDR" --master-port="$MASTER_PORT" --nproc-per-node=4 --shutdown-timeout=10 --no-python ' +
        `/opt/node --staging '/lustre/$HOME \`x\` "y" '\\''z'\\'''\n`,
    );
  });

  it('is torchrun alone on one node, and the program itself for one rank', () => {
    expect(renderTask({ ...spec, nodes: 1 }, ['torchrun'], files)).toContain(
      'exec torchrun --standalone --nproc-per-node=4 ',
    );
    for (const more of [{ nodes: 1, ranksPerNode: 1 }, { distributed: false }]) {
      expect(renderTask({ ...spec, ...more }, ['torchrun'], files)).toMatch(/exec \/opt\/node --staging /);
    }
  });

  it('gives a shell the very words', () => {
    const words = ['printf', '%s\\n', "it's", '$HOME', '`x`', '"', 'a\tb', '', '*', '~'];
    const [program = '', ...rest] = words;
    const task = renderTask({ ...spec, nodes: 1, ranksPerNode: 1, program: [program, ...rest] }, [], jobFiles('/tmp'));
    expect(execFileSync('bash', ['-c', task]).toString()).toBe(
      words
        .slice(2)
        .map((word) => `${word}\n`)
        .join(''),
    );
  });
});
