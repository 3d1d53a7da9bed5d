// Two looks at a run -> what happened in between, as events. Pure.
import type { ConversionProgress, PendingActivity } from '../client.ts';
import { PHASES, type Phase } from '../contract/index.ts';
import type { RunEvent } from './run-event.ts';

export function eventsBetween(before: ConversionProgress | null, after: ConversionProgress, now: Date): RunEvent[] {
  return [...phaseEvents(before, after, now), ...activityEvents(after)];
}

function phaseEvents(before: ConversionProgress | null, after: ConversionProgress, now: Date): RunEvent[] {
  const known = new Map(before?.status?.phases.map((row) => [row.phase, row.state]));
  return (after.status?.phases ?? []).flatMap((row): RunEvent[] => {
    if (row.state === 'pending' || row.state === known.get(row.phase)) return [];
    const end = row.ended === null ? now : new Date(row.ended);
    const seconds = row.started === null ? null : Math.max(0, (end.getTime() - Date.parse(row.started)) / 1000);
    return [{ event: 'phase', phase: row.phase, state: row.state, summary: row.summary, seconds }];
  });
}

function activityEvents({ activity, status, state }: ConversionProgress): RunEvent[] {
  if (activity !== null && isPhase(activity.phase)) return describeActivity(activity, activity.phase);
  if (activity === null && status === null && state === 'RUNNING') {
    return [waiting(PHASES[0], 1, 'no worker answers for this run; start one: megatron-to-hf worker', null)];
  }
  return [];
}

function describeActivity(activity: PendingActivity, phase: Phase): RunEvent[] {
  const { attempt, lastFailure, nextAttempt, progress, state } = activity;
  if (state === 'started' || state === 'cancel requested' || state === 'pause requested') {
    return progress === null ? [] : [{ event: 'progress', ...progress }];
  }
  const why = lastFailure?.message ?? 'no worker has taken it up yet; is one serving this task queue?';
  const reason = state === 'paused' ? `paused in the Temporal UI; ${lastFailure?.message ?? 'unpause it there'}` : why;
  // The server counts the attempt that is due; people count the one that failed.
  const failed = lastFailure === null ? attempt : Math.max(1, attempt - 1);
  return [waiting(phase, failed, reason, nextAttempt?.toISOString() ?? null)];
}

function waiting(phase: Phase, attempt: number, reason: string, next: string | null): RunEvent {
  return { event: 'waiting', phase, attempt, reason, next };
}

const isPhase = (name: string): name is Phase => (PHASES as readonly string[]).includes(name);
