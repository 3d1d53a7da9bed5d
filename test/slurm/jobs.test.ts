// Conversions as jobs of a real Slurm, through a real Temporal server: what a job does, and what becomes of it.
import { mkdtempSync } from 'node:fs';
import { cp, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { explainFailure } from '../../src/client.ts';
import { findProgram } from '../../src/config/programs.ts';
import { parseManifest } from '../../src/publish/manifest.ts';
import { pauseActivity, resultOf, unpauseActivity, waitFor } from '../support/temporal-operate.ts';
import { callSlurm } from './support/call-slurm.ts';
import {
  isRunning,
  jobOf,
  jobsEver,
  type Lab,
  progressOf,
  stagingOf,
  startLab,
  type StartedRun,
  stateOf,
} from './support/lab.ts';

const conf = inject('slurmConf');
const SECRET = "it's a $ecret";
const TORCHRUN = findProgram('torchrun', 'torchrun', process.cwd());
const notes = mkdtempSync(join(tmpdir(), 'slurm-notes-'));
const base = { executor: 'slurm', slurm_conf: conf, poll: '1s', patience: '30s', env: { A_TOKEN: SECRET } };
const PROFILES = {
  base,
  // A job that waits in the queue first.
  queued: {
    extends: 'base',
    nproc_per_node: 2,
    cpus_per_task: 2,
    sbatch_args: ['--begin=now+9', '--comment=x --job-name=other --requeue'],
  },
  held: { extends: 'base', sbatch_args: ['--hold'] },
  // Each node writes down what it sees of the environment before torchrun starts there.
  two: {
    extends: 'base',
    nodes: 2,
    nproc_per_node: 2,
    torchrun: ['sh', '-c', `printenv A_TOKEN > ${notes}/token.$SLURM_NODEID; exec ${TORCHRUN} "$@"`, 'sh'],
  },
  slow: { extends: 'base', setup: ['echo set up', 'sleep 100'] },
  // The job's directory is that of its attempt, below staging.
  gated: { extends: 'base', setup: ['while [ ! -e ../../gate ]; do sleep 0.2; done'] },
  limited: { extends: 'slow', time: 1 },
  broken: { extends: 'base', node: ['/nowhere/node'] },
};

let lab: Lab;

beforeAll(async () => {
  lab = await startLab(PROFILES);
});
afterAll(async () => {
  await lab.stop();
  await rm(notes, { recursive: true, force: true });
});

const one = { distributed: false };

async function failureOf({ handle }: StartedRun): Promise<{ type: string; message: string }> {
  return handle.result().then(
    () => {
      throw new Error('the run succeeded');
    },
    (error: unknown) => explainFailure(error),
  );
}

async function digests(target: string): Promise<unknown> {
  const manifest = parseManifest(await readFile(join(target, 'export_manifest.json'), 'utf8'));
  return manifest?.files.filter(({ name }) => name.endsWith('.safetensors')).map(({ name, sha256 }) => [name, sha256]);
}

describe.concurrent('a job', () => {
  it('waits in the queue without stalling, shows its progress, is published, and has the bytes of two nodes', async () => {
    const run = await lab.start('queued', 'queued', { retry: { stall: '3s', heartbeat: '8s' } });
    const other = await lab.start('two', 'two');
    const [id, staging] = [await jobOf(run.target), await stagingOf(run.target)];
    await waitFor('the queue in the progress', async () =>
      (await progressOf(run.handle)).includes(`job ${id} is pending`),
    );
    const folder = join(staging, 'jobs', '1');
    expect((await stat(join(folder, 'environment.sh'))).mode & 0o777).toBe(0o600);
    for (const name of ['job.sh', 'task.sh']) {
      expect(await readFile(join(folder, name), 'utf8')).not.toContain('ecret');
      expect((await stat(join(folder, name))).mode & 0o077).toBe(0);
    }
    // No line of the profile gives the job another name, or lets it come back.
    expect(await callSlurm(conf, 'scontrol', '--oneliner', 'show', 'job', id)).toMatch(
      /JobName=megatron-to-hf-[\s\S]* Requeue=0 /,
    );
    await isRunning(conf, id);
    await waitFor(
      'the ranks to have their environment',
      async () => !(await readdir(folder)).includes('environment.sh'),
    );
    await expect(resultOf(run.handle)).resolves.toMatchObject({ ranks: 2, files: 5, files_reused: 0 });
    await expect(jobsEver(conf, staging)).resolves.toEqual([id]);
    await expect(resultOf(other.handle)).resolves.toMatchObject({ ranks: 4, files: 5 });
    for (const node of [0, 1]) expect(await readFile(join(notes, `token.${node}`), 'utf8')).toBe(`${SECRET}\n`);
    const two = await digests(other.target);
    expect(two).toHaveLength(5);
    expect(await digests(run.target)).toEqual(two);
  });

  it('that somebody cancels ends the run, which says so with the last lines of the job', async () => {
    const run = await lab.start('scancelled', 'slow', one);
    const id = await jobOf(run.target);
    await isRunning(conf, id);
    await waitFor('its first words', async () =>
      (await readFile(join(await stagingOf(run.target), 'jobs/1/job.log'), 'utf8')).includes('set up'),
    );
    await callSlurm(conf, 'scancel', id);
    const { type, message } = await failureOf(run);
    expect(type).toBe('JobCancelled');
    expect(message).toContain(`Job ${id} of profile slow was cancelled by somebody else`);
    expect(message).toContain('set up');
  });

  it('over its time limit ends the run, which names the profile to change', async () => {
    const run = await lab.start('limited', 'limited', one);
    const id = await jobOf(run.target);
    const { type, message } = await failureOf(run);
    expect(type).toBe('JobTimeLimit');
    expect(message).toContain(`Job ${id} of profile limited reached its time limit`);
    expect(message).toContain('Raise the time limit of the profile');
  });

  it('is gone within 30 s of the cancel of the run', async () => {
    const run = await lab.start('cancelled', 'slow', one);
    const id = await jobOf(run.target);
    await isRunning(conf, id);
    const asked = Date.now();
    await run.handle.cancel();
    await waitFor('the job to go', async () => (await stateOf(conf, id)) === 'CANCELLED', 30_000);
    expect(Date.now() - asked).toBeLessThan(30_000);
    await expect(run.handle.result()).rejects.toThrow();
    expect((await run.handle.describe()).status.name).toBe('CANCELLED');
    expect(await callSlurm(conf, 'squeue', '--noheader', `--jobs=${id}`)).toBe('');
  });

  it('that is cancelled in the queue leaves no environment behind', async () => {
    const run = await lab.start('held', 'held', one);
    const [id, staging] = [await jobOf(run.target), await stagingOf(run.target)];
    const folder = join(staging, 'jobs', '1');
    expect(await readdir(folder)).toContain('environment.sh');
    await run.handle.cancel();
    await waitFor('the job to go', async () => (await stateOf(conf, id)) === 'CANCELLED', 30_000);
    await expect(run.handle.result()).rejects.toThrow();
    expect(await readdir(folder)).not.toContain('environment.sh');
  });

  it('is gone after the run was terminated', async () => {
    const run = await lab.start('terminated', 'slow', one);
    const id = await jobOf(run.target);
    await isRunning(conf, id);
    await run.handle.terminate('test');
    await waitFor('the job to go', async () => (await stateOf(conf, id)) === 'CANCELLED', 30_000);
  });

  it('is ended by a pause, and another one takes its place after it', async () => {
    const run = await lab.start('paused', 'gated', one);
    const [id, staging] = [await jobOf(run.target), await stagingOf(run.target)];
    await isRunning(conf, id);
    await pauseActivity(run.handle, 'convert');
    await waitFor('the job to go', async () => (await stateOf(conf, id)) === 'CANCELLED', 30_000);
    await writeFile(join(staging, 'gate'), '');
    await unpauseActivity(run.handle, 'convert');
    await expect(resultOf(run.handle)).resolves.toMatchObject({ files: 5 });
    expect(await jobsEver(conf, staging)).toHaveLength(2);
  });

  it('outlives the attempt whose time is up: the next one follows the same job', async () => {
    const retry = { convert_timeout: '7s', heartbeat: '5s' };
    const run = await lab.start('overtime', 'gated', { ...one, retry });
    const [id, staging] = [await jobOf(run.target), await stagingOf(run.target)];
    await waitFor('the third attempt', async () => {
      const [activity] = (await run.handle.describe()).raw.pendingActivities ?? [];
      return (activity?.attempt ?? 0) >= 3 && (await progressOf(run.handle)).includes(`job ${id}`);
    });
    await writeFile(join(staging, 'gate'), '');
    await expect(resultOf(run.handle)).resolves.toMatchObject({ files: 5 });
    expect(await jobsEver(conf, staging)).toEqual([id]);
  });

  it('whose ranks cannot start is tried again as another job, and the failure shows what it wrote', async () => {
    const run = await lab.start('broken', 'broken', { ...one, retry: { convert_attempts: 2, heartbeat: '8s' } });
    const staging = await stagingOf(run.target);
    const { type, message } = await failureOf(run);
    expect(type).toBe('RankFailed');
    expect(message).toContain('/nowhere/node');
    expect(await jobsEver(conf, staging)).toHaveLength(2);
  });

  it("ends the run with a rank's own final failure", async () => {
    const damaged = join(lab.folder, 'damaged', 'iter_0007297');
    await cp(lab.checkpoint.megatron_path, damaged, { recursive: true, preserveTimestamps: true });
    await damage(damaged);
    const run = await lab.start('corrupt', 'base', { ...one, megatron_path: damaged });
    const { type, message } = await failureOf(run);
    expect(type).toMatch(/^(?:CorruptData|CheckpointDamaged)$/);
    expect(message).toMatch(/Job \d+ of profile base/);
  });

  it('that Slurm refuses ends the run with its words', async () => {
    const queue = 'refused';
    const worker = await lab.startWorker(queue, { base: { ...base, partition: 'nowhere' } });
    try {
      const run = await lab.start('refused', 'base', { ...one, task_queues: { convert: queue } });
      const { type, message } = await failureOf(run);
      expect(type).toBe('SchedulerFailed');
      expect(message).toMatch(/invalid partition/i);
    } finally {
      await worker.end('SIGKILL');
    }
  });
});

/** Spoils bytes in the middle of a shard, and gives the file its times back. */
async function damage(checkpoint: string): Promise<void> {
  const path = join(checkpoint, '__0_0.distcp');
  const { atime, mtime, size } = await stat(path);
  const handle = await open(path, 'r+');
  await handle.write(Buffer.alloc(4096, 0x55), 0, 4096, Math.floor(size / 2));
  await handle.close();
  await utimes(path, atime, mtime);
}
