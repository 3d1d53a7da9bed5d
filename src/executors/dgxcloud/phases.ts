// What Run:ai says about a workload, as the state of a job. Pure.
import { z } from 'zod';
import type { JobState } from '../types.ts';

/** `trainings` runs on one node, `distributed` on several: two resources of the API. */
export type WorkloadKind = 'trainings' | 'distributed';

/** The part of a workload that we read: of `GET /workloads/KIND/ID` and of the answer to its creation. */
export const Workload = z.looseObject({
  workloadId: z.string().min(1).nullish(),
  name: z.string().nullish(),
  requestedName: z.string().nullish(),
  actualPhase: z.string().nullish(),
  phase: z.string().nullish(),
});
export type Workload = z.output<typeof Workload>;

/** An entry of `GET /workloads`. */
export const ListedWorkload = z.looseObject({
  id: z.string().min(1),
  name: z.string(),
  type: z.string().nullish(),
  distributedFramework: z.string().nullish(),
  phase: z.string().nullish(),
  createdAt: z.string().nullish(),
});
export type ListedWorkload = z.output<typeof ListedWorkload>;

const PENDING = new Set(['Creating', 'Initializing', 'Resuming', 'Pending', 'Updating']);
const ENDED = new Set(['Stopped', 'Failed', 'Completed']);
/** On the way to an end: another submission would not be a second job for long, but this one does not count as found either. */
const ENDING = new Set(['Stopping', 'Deleting', 'Terminating']);

/** Whether the workload runs or will run. */
function isLivePhase(phase: string | null | undefined): boolean {
  return !ENDED.has(phase ?? '') && !ENDING.has(phase ?? '');
}

export const hasEndedPhase = (phase: string | null | undefined): boolean => ENDED.has(phase ?? '');

/** `exitCode` is what its nodes wrote, where they did. */
export function judgeWorkload(workload: Workload, exitCode: number | null): JobState {
  const phase = workload.actualPhase ?? workload.phase ?? 'Unknown';
  if (phase === 'Completed') return { state: 'done' };
  if (PENDING.has(phase)) return { state: 'pending', detail: `Run:ai: ${phase}` };
  if (phase === 'Failed') return { state: 'failed', end: 'exit', detail: 'Run:ai says Failed', exitCode };
  if (phase === 'Stopped') {
    return {
      state: 'failed',
      end: 'cancelled',
      detail: 'Run:ai says Stopped: somebody suspended the workload',
      exitCode,
    };
  }
  // Degraded is a workload of which a part does not run as specified: it may recover, and the limit of retry.stall covers what does not.
  return { state: 'running', detail: `Run:ai: ${phase}` };
}

/** The workload of this name that runs or will: the server makes NAME-xxxxx of the given name. */
export function findNamedWorkload(
  workloads: readonly ListedWorkload[],
  name: string,
): { readonly id: string; readonly kind: WorkloadKind | null } | null {
  const live = workloads
    .filter((workload) => workload.name === name || workload.name.startsWith(`${name}-`))
    .filter(({ phase }) => isLivePhase(phase))
    .toSorted((a, b) => ((a.createdAt ?? '') < (b.createdAt ?? '') ? -1 : 1));
  const [oldest] = live;
  return oldest === undefined ? null : { id: oldest.id, kind: kindOf(oldest) };
}

function kindOf({ type, distributedFramework }: ListedWorkload): WorkloadKind | null {
  if (/distributed/i.test(type ?? '') || (distributedFramework ?? '') !== '') return 'distributed';
  return /training/i.test(type ?? '') ? 'trainings' : null;
}
