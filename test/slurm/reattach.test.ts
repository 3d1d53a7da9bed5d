// Workers that die, daemons that go away, nodes that fail: there is one job at any time, and the run comes to its end.
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readJobRecord } from '../../src/executors/job-record.ts';
import { resultOf, waitFor } from '../support/temporal-operate.ts';
import { callSlurm } from './support/call-slurm.ts';
import { type SlurmCluster, startSlurm } from './support/cluster.ts';
import { isRunning, jobOf, jobsEver, type Lab, progressOf, stagingOf, startLab, stateOf } from './support/lab.ts';

const conf = inject('slurmConf');
const base = { executor: 'slurm', slurm_conf: conf, poll: '1s', patience: '40s' };
const one = { distributed: false };

let lab: Lab;
let fragile: SlurmCluster;
let forgetful: SlurmCluster;
let failing: SlurmCluster;

beforeAll(async () => {
  [fragile, failing, forgetful] = await Promise.all([startSlurm(), startSlurm(), startSlurm({ minJobAge: 2 })]);
  // The shared worker plans every run, so it must know every profile.
  lab = await startLab({
    slow: base,
    gap: base,
    waiting: { ...base, setup: ['sleep 600'] },
    forgetful: base,
    // Long enough for slurmctld to be back: a step that is asked for just then waits for up to two minutes.
    fragile: { ...base, slurm_conf: fragile.conf, setup: ['sleep 45'] },
    failing: { ...base, slurm_conf: failing.conf, setup: ['sleep 12'] },
  });
});
afterAll(async () => {
  await lab.stop();
  await Promise.all([fragile.stop(), failing.stop(), forgetful.stop()]);
});

describe.concurrent('a job', () => {
  it('is taken up by the next worker when its own is killed or shut down: same id, no second job', async () => {
    const queue = 'killed';
    const gate = join(lab.folder, 'gate');
    const profiles = { slow: { ...base, setup: [`while [ ! -e ${gate} ]; do sleep 0.2; done`] } };
    const first = await lab.startWorker(queue, profiles);
    const run = await lab.start('killed', 'slow', { ...one, task_queues: { convert: queue } });
    const [id, staging] = [await jobOf(run.target), await stagingOf(run.target)];
    await isRunning(conf, id);
    await first.end('SIGKILL');
    const second = await lab.startWorker(queue, profiles);
    await waitFor('the second worker to follow the job', async () => {
      const [activity] = (await run.handle.describe()).raw.pendingActivities ?? [];
      return activity?.attempt === 2 && (await progressOf(run.handle)).includes(`job ${id}`);
    });
    await second.end('SIGTERM');
    expect(await stateOf(conf, id)).toBe('RUNNING');
    const third = await lab.startWorker(queue, profiles);
    await writeFile(gate, '');
    try {
      await expect(resultOf(run.handle)).resolves.toMatchObject({ files: 5 });
      expect(await jobsEver(conf, staging)).toEqual([id]);
    } finally {
      await third.end('SIGKILL');
    }
  });

  it('is one job also where the worker is killed between sbatch and its answer', async () => {
    const queue = 'gap';
    const bin = await slowAnswer(join(lab.folder, 'gap-bin'));
    const first = await lab.startWorker(queue, { gap: { ...base, bin, setup: ['sleep 15'] } });
    const run = await lab.start('gap', 'gap', { ...one, task_queues: { convert: queue } });
    const id = await waitFor('the submission', () => readFile(join(bin, 'answer'), 'utf8').catch(() => null));
    const staging = await stagingOf(run.target);
    expect((await readJobRecord(staging))?.id).toBeNull();
    await first.end('SIGKILL');
    const second = await lab.startWorker(queue, { gap: { ...base, setup: ['sleep 15'] } });
    try {
      await expect(resultOf(run.handle)).resolves.toMatchObject({ files: 5 });
      expect(await jobsEver(conf, staging)).toEqual([id.trim()]);
    } finally {
      await second.end('SIGKILL');
    }
  });

  it('is ended by the next worker where its own was killed and the run was cancelled meanwhile', async () => {
    const queue = 'orphan';
    const profiles = { slow: { ...base, setup: ['sleep 600'] } };
    const first = await lab.startWorker(queue, profiles);
    const run = await lab.start('orphan', 'slow', { ...one, task_queues: { convert: queue } });
    const id = await jobOf(run.target);
    const staging = await stagingOf(run.target);
    await isRunning(conf, id);
    await first.end('SIGKILL');
    await run.handle.cancel();
    await waitFor('the server to give the worker up', async () => {
      const [activity] = (await run.handle.describe()).raw.pendingActivities ?? [];
      return activity?.activityType?.name === 'endJob';
    });
    expect(await stateOf(conf, id)).toBe('RUNNING');
    const next = await lab.startWorker(queue, profiles);
    try {
      await waitFor('the job to go', async () => (await stateOf(conf, id)) === 'CANCELLED', 30_000);
      await expect(run.handle.result()).rejects.toThrow();
      expect((await run.handle.describe()).status.name).toBe('CANCELLED');
      expect(await jobsEver(conf, staging)).toEqual([id]);
      expect(await readJobRecord(staging)).toBeNull();
    } finally {
      await next.end('SIGKILL');
    }
  });

  it('is not looked for again where its worker has obeyed the cancel', async () => {
    const run = await lab.start('obeyed', 'waiting', one);
    const id = await jobOf(run.target);
    await isRunning(conf, id);
    await run.handle.cancel();
    await expect(run.handle.result()).rejects.toThrow();
    expect(await stateOf(conf, id)).toBe('CANCELLED');
    const { events } = await run.handle.fetchHistory();
    const called = (events ?? []).flatMap(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
    );
    expect(called).toEqual(['checkCompleteness', 'validateParallelism', 'convert']);
  });

  it('is not lost while slurmctld is away', async () => {
    const run = await lab.start('fragile', 'fragile', one);
    const [id, staging] = [await jobOf(run.target), await stagingOf(run.target)];
    await isRunning(fragile.conf, id);
    await fragile.stopController();
    await waitFor('the silence in the progress', async () =>
      (await progressOf(run.handle)).includes('could not say how job'),
    );
    await fragile.startController();
    await expect(resultOf(run.handle)).resolves.toMatchObject({ files: 5 });
    expect(await jobsEver(fragile.conf, staging)).toEqual([id]);
  });

  it('whose node fails is replaced by another one', async () => {
    const next = await lab.start('node-failure', 'failing', one);
    const lost = await jobOf(next.target);
    await isRunning(failing.conf, lost);
    const node = / NodeList=(\S+)/.exec(await failing.call('scontrol', '-o', 'show', 'job', lost))?.[1] ?? '';
    await failing.call('scontrol', 'update', `NodeName=${node}`, 'State=DOWN', 'Reason=test');
    const failure = await waitFor('the loss in the UI', async () => {
      const [activity] = (await next.handle.describe()).raw.pendingActivities ?? [];
      return activity?.lastFailure ?? null;
    });
    expect(failure.applicationFailureInfo?.type).toBe('JobLost');
    expect(failure.message).toContain('NODE_FAIL');
    await expect(resultOf(next.handle)).resolves.toMatchObject({ files: 5 });
  });

  it('that ended and was forgotten while no worker was there is believed by the record that it left', async () => {
    const queue = 'forgotten';
    const profiles = { forgetful: { ...base, slurm_conf: forgetful.conf, setup: ['sleep 3'] } };
    const first = await lab.startWorker(queue, profiles);
    const run = await lab.start('forgotten', 'forgetful', { ...one, task_queues: { convert: queue } });
    const id = await jobOf(run.target);
    await isRunning(forgetful.conf, id);
    await first.end('SIGKILL');
    await waitFor('Slurm to forget it', async () => (await stateOf(forgetful.conf, id)) === null, 150_000);
    const second = await lab.startWorker(queue, profiles);
    try {
      await expect(resultOf(run.handle)).resolves.toMatchObject({ files: 5 });
      // Ids are given in turn: the next one is the first since.
      expect(Number(await callSlurm(forgetful.conf, 'sbatch', '--parsable', '--output=/dev/null', '--wrap=true'))).toBe(
        Number(id) + 1,
      );
    } finally {
      await second.end('SIGKILL');
    }
  });
});

/** Slurm's programs, with an sbatch that submits, leaves word of it in `answer`, and never says so. */
async function slowAnswer(folder: string): Promise<string> {
  await mkdir(folder);
  for (const name of ['squeue', 'scontrol', 'sacct', 'scancel']) await symlink(`/usr/bin/${name}`, join(folder, name));
  const script = `#!/bin/sh\n/usr/bin/sbatch "$@" > ${folder}/half && mv ${folder}/half ${folder}/answer && exec sleep 600\n`;
  await writeFile(join(folder, 'sbatch'), script);
  await chmod(join(folder, 'sbatch'), 0o755);
  return folder;
}
