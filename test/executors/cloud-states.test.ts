// Every state of the two services has a meaning here; one that is new is a job that runs.
import { expect, it } from 'vitest';
import { findNamedWorkload, judgeWorkload } from '../../src/executors/dgxcloud/phases.ts';
import { findNamed, judgeLeptonJob, type LeptonJob } from '../../src/executors/lepton/states.ts';
import type { JobState } from '../../src/executors/types.ts';

const brief = (state: JobState): string => (state.state === 'failed' ? `failed: ${state.end}` : state.state);

const leptonJob = (state: string | null, more: object = {}): LeptonJob => ({
  metadata: { id: 'job-1', ...more },
  status: state === null ? null : { state },
});

it.each([
  [null, 'pending'],
  ['Starting', 'pending'],
  ['Queueing', 'pending'],
  ['Awaiting', 'pending'],
  ['PendingRetry', 'pending'],
  ['Restarting', 'pending'],
  ['Running', 'running'],
  ['Stopping', 'running'],
  ['Deleting', 'running'],
  ['Terminating', 'running'],
  ['Completed', 'done'],
  ['Failed', 'failed: exit'],
  ['Stopped', 'failed: cancelled'],
  ['Deleted', 'failed: cancelled'],
  ['Archived', 'failed: lost'],
  ['SomethingNew', 'running'],
])('Lepton %s: %s', (state, expected) => {
  expect(brief(judgeLeptonJob(leptonJob(state), null))).toBe(expected);
});

it('Lepton: an archived job whose nodes left 0 is done, and Running is pending until all nodes run', () => {
  expect(judgeLeptonJob(leptonJob('Archived'), 0)).toEqual({ state: 'done' });
  const job: LeptonJob = { metadata: { id: 'job-1' }, status: { state: 'Running', ready: 1, active: 2 } };
  expect(judgeLeptonJob(job, null)).toEqual({ state: 'pending', detail: '1 of 2 nodes run' });
});

it.each([
  ['Creating', 'pending'],
  ['Initializing', 'pending'],
  ['Resuming', 'pending'],
  ['Pending', 'pending'],
  ['Updating', 'pending'],
  ['Running', 'running'],
  ['Degraded', 'running'],
  ['Deleting', 'running'],
  ['Stopping', 'running'],
  ['Terminating', 'running'],
  ['Unknown', 'running'],
  ['Completed', 'done'],
  ['Failed', 'failed: exit'],
  ['Stopped', 'failed: cancelled'],
  [null, 'running'],
])('Run:ai %s: %s', (phase, expected) => {
  expect(brief(judgeWorkload({ actualPhase: phase }, null))).toBe(expected);
  // nemo-run reads `phase` where there is no `actualPhase`.
  expect(brief(judgeWorkload({ phase }, null))).toBe(expected);
});

it('finds the oldest live job of a name, by id or by name, and no other', () => {
  const jobs = [
    leptonJob('Running', { id: 'x-2', created_at: 2 }),
    leptonJob('Running', { id: 'x-1', created_at: 1 }),
    leptonJob('Completed', { id: 'x-0', created_at: 0 }),
    leptonJob('Running', { id: 'xy-9', created_at: 0 }),
    leptonJob('Queueing', { id: 'other', name: 'z', created_at: 0 }),
  ];
  expect(findNamed(jobs, 'x')?.metadata.id).toBe('x-1');
  expect(findNamed(jobs, 'z')?.metadata.id).toBe('other');
  expect(findNamed(jobs, 'y')).toBeNull();
  const workloads = [
    { id: '2', name: 'x-bb', phase: 'Running', createdAt: '2026-01-02', type: 'Training' },
    { id: '1', name: 'x-aa', phase: 'Pending', createdAt: '2026-01-01', type: 'Distributed' },
    { id: '0', name: 'x-00', phase: 'Stopping', createdAt: '2025-01-01', type: 'Training' },
    { id: '3', name: 'xy-1', phase: 'Running', createdAt: '2025-01-01', type: 'Training' },
  ];
  expect(findNamedWorkload(workloads, 'x')).toEqual({ id: '1', kind: 'distributed' });
  expect(findNamedWorkload(workloads, 'y')).toBeNull();
});
