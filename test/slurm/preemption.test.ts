// Slurm takes a job's nodes away for a job of a higher partition: another one takes its place once that is over.
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, waitFor } from '../support/temporal-operate.ts';
import { type SlurmCluster, startSlurm } from './support/cluster.ts';
import { isRunning, jobOf, jobsEver, type Lab, stagingOf, startLab, stateOf } from './support/lab.ts';

// The job's directory is that of its attempt, below staging.
const WAIT = ': > ready; while [ ! -e ../../gate ]; do sleep 0.2; done';

let lab: Lab;
/** Its own: a job that takes whole nodes would end those of the other test files. */
let cluster: SlurmCluster;

beforeAll(async () => {
  cluster = await startSlurm();
  const base = { executor: 'slurm', slurm_conf: cluster.conf, poll: '1s', patience: '30s' };
  lab = await startLab({
    abrupt: { ...base, partition: 'lab', sbatch_args: ['--nodelist=n0'], setup: [WAIT] },
    graceful: {
      ...base,
      partition: 'graceful',
      sbatch_args: ['--nodelist=n1'],
      // The SIGTERM of the grace time goes to the ranks, not to the script: they have to be there.
      node: ['sh', '-c', `${WAIT}; exec ${process.execPath} "$@"`, 'sh'],
    },
  });
});
afterAll(async () => {
  await lab.stop();
  await cluster.stop();
});

describe.concurrent('a job that is pre-empted', () => {
  it.each([
    // [profile, node, what Slurm says of the job]
    ['abrupt', 'n0', /PREEMPTED, signal 15/],
    ['graceful', 'n1', /FAILED \(NonZeroExitCode\), exit code 143, pre-empted at \d/],
  ])('(%s) is lost, and another one takes its place', async (profile, node, words) => {
    const run = await lab.start(`preempted-${profile}`, profile, { distributed: false, retry: { heartbeat: '8s' } });
    const [lost, staging] = [await jobOf(run.target), await stagingOf(run.target)];
    await isRunning(cluster.conf, lost);
    await waitFor('the job to wait', () => stat(join(staging, 'jobs/1/ready')).catch(() => null));
    const options = ['--partition=urgent', `--nodelist=${node}`, '--exclusive', '--chdir=/', '--output=/dev/null'];
    const urgent = await cluster.call('sbatch', '--parsable', ...options, '--wrap=sleep 100');
    const failure = await waitFor('the loss in the UI', async () => {
      const [activity] = (await run.handle.describe()).raw.pendingActivities ?? [];
      return activity?.lastFailure ?? null;
    });
    expect(failure.applicationFailureInfo).toMatchObject({ type: 'JobLost', nonRetryable: false });
    expect(failure.message).toContain(`Job ${lost} of profile ${profile} was taken away from its nodes: `);
    expect(failure.message).toMatch(words);
    await isRunning(cluster.conf, urgent);
    const next = await waitFor('another job', async () =>
      (await jobsEver(cluster.conf, staging)).find((id) => id !== lost),
    );
    expect(await stateOf(cluster.conf, next)).toBe('PENDING');
    await writeFile(join(staging, 'gate'), '');
    await cluster.call('scancel', urgent);
    await expect(resultOf(run.handle)).resolves.toMatchObject({ files: 5 });
    expect((await jobsEver(cluster.conf, staging)).toSorted()).toEqual([lost, next].toSorted());
  });
});
