// The profile `local`: the ranks are children of this process, behind the profile's own launch prefix.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LocalProfile } from '../../src/contract/profiles.ts';
import type { JobRequest } from '../../src/executors/job-request.ts';
import { runJob } from '../../src/executors/run-job.ts';
import { writeJobRecord } from '../../src/executors/job-record.ts';

async function request(more: Partial<JobRequest> = {}): Promise<JobRequest> {
  const staging = await mkdtemp(join(tmpdir(), 'local-'));
  onTestFinished(() => rm(staging, { recursive: true, force: true }));
  const prefix = ['sh', '-c', 'echo "prefixed $A_WORD" > "$OUT"; exec "$@"', 'sh'];
  const local = LocalProfile.parse({ executor: 'local', launch_prefix: prefix, env: { A_WORD: 'of the profile' } });
  return {
    profile: null,
    policy: { torchrun: ['torchrun'], launchPrefix: ['/nowhere/prefix'], profiles: { local } },
    staging,
    world: { nodes: 1, ranksPerNode: 1, distributed: false },
    openAttempt: async () => 4,
    program: (attempt, { isHere }) => ['sh', '-c', `echo "rank of attempt ${attempt}, here: ${isHere}" >> "$OUT"`],
    environment: { OUT: join(staging, 'out') },
    mark: ['--staging', staging],
    stallSeconds: 20,
    signal: new AbortController().signal,
    report: () => undefined,
    ...more,
  };
}

it('runs behind its launch prefix, with the variables of profile and request', async () => {
  const asked = await request();
  await expect(runJob(asked)).resolves.toEqual({ attempt: 4, jobId: null });
  expect(await readFile(join(asked.staging, 'out'), 'utf8')).toBe(
    'prefixed of the profile\nrank of attempt 4, here: true\n',
  );
});

it('does not start beside a job of another profile that this worker cannot end', async () => {
  const asked = await request();
  const job = {
    name: 'n',
    profile: 'slurm_gone',
    executor: 'slurm',
    attempt: 1,
    id: '77',
    submitted: 0,
    ending: false,
  };
  await writeJobRecord(asked.staging, job);
  await expect(runJob(asked)).rejects.toMatchObject({
    type: 'SchedulerFailed',
    message: expect.stringContaining('Job 77 of profile slurm_gone may still write'),
  });
});
