// What Lepton says about a job, as the state of a job. Pure.
import { z } from 'zod';
import type { JobState } from '../types.ts';

/** The part of a job that we read (leptonai 0.47.1, `api/v2/types/job.py`). */
export const LeptonJob = z.looseObject({
  metadata: z.looseObject({
    id: z.string().min(1),
    name: z.string().nullish(),
    created_at: z.number().nullish(),
  }),
  status: z
    .looseObject({
      state: z.string().nullish(),
      ready: z.number().nullish(),
      active: z.number().nullish(),
      failed: z.number().nullish(),
    })
    .nullish(),
});
export type LeptonJob = z.output<typeof LeptonJob>;

const PENDING = new Set(['Starting', 'Queueing', 'Awaiting', 'PendingRetry', 'Restarting']);
/** On the way to an end, with processes that may still run. */
const ENDING = new Set(['Stopping', 'Terminating', 'Deleting']);

/** Whether the job runs or will run: another submission of its name would be a second job. */
export function isLive(job: LeptonJob): boolean {
  const state = job.status?.state ?? 'Starting';
  return state === 'Running' || PENDING.has(state);
}

/** `exitCode` is what its nodes wrote, where they did. */
export function judgeLeptonJob(job: LeptonJob, exitCode: number | null): JobState {
  const state = job.status?.state ?? 'Starting';
  const { ready, active, failed } = job.status ?? {};
  if (state === 'Completed') return { state: 'done' };
  // Lepton says Running as soon as one node runs.
  const waiting = ready != null && active != null && ready < active;
  if (state === 'Running') {
    return waiting
      ? { state: 'pending', detail: `${ready} of ${active} nodes run` }
      : { state: 'running', detail: 'Lepton: Running' };
  }
  if (PENDING.has(state)) return { state: 'pending', detail: `Lepton: ${state}` };
  if (ENDING.has(state)) return { state: 'running', detail: `Lepton: ${state}` };
  if (state === 'Failed') {
    const nodes = failed == null || failed === 0 ? '' : `, ${failed} of its nodes failed`;
    return { state: 'failed', end: 'exit', detail: `Lepton says Failed${nodes}`, exitCode };
  }
  if (state === 'Stopped' || state === 'Deleted') {
    return {
      state: 'failed',
      end: 'cancelled',
      detail: `Lepton says ${state}: somebody stopped or removed the job`,
      exitCode,
    };
  }
  // An archived job has ended, and how is not told: its nodes' own word counts.
  if (state === 'Archived' && exitCode === 0) return { state: 'done' };
  if (state === 'Archived') return { state: 'failed', end: 'lost', detail: 'Lepton has archived the job', exitCode };
  return { state: 'running', detail: `Lepton: ${state}` };
}

/** The job of this name among those that the workspace lists: the server makes the id, NAME or NAME-xxxx. */
export function findNamed(jobs: readonly LeptonJob[], name: string): LeptonJob | null {
  const named = jobs.filter(
    ({ metadata: { id, ...given } }) => id === name || id.startsWith(`${name}-`) || given.name === name,
  );
  // Two of one name can only be there after two submissions at one moment: every worker takes the older one.
  const live = named.filter(isLive).toSorted((a, b) => age(a) - age(b) || (a.metadata.id < b.metadata.id ? -1 : 1));
  return live[0] ?? null;
}

const age = (job: LeptonJob): number => job.metadata.created_at ?? Number.MAX_SAFE_INTEGER;
