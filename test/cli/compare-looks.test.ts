import { expect, test } from 'vitest';
import { eventsBetween } from '../../src/cli/compare-looks.ts';
import type { ConversionProgress, PendingActivity } from '../../src/client.ts';
import { PHASES } from '../../src/contract/index.ts';

const NOW = new Date('2026-01-01T00:01:00Z');

function look(
  done: number,
  activity: Partial<PendingActivity> | null,
  extra: Partial<ConversionProgress> = {},
): ConversionProgress {
  const state = (index: number): 'done' | 'running' | 'pending' =>
    index < done ? 'done' : index === done ? 'running' : 'pending';
  const phases = PHASES.map((phase, index) => ({
    phase,
    state: state(index),
    started: index <= done ? '2026-01-01T00:00:00Z' : null,
    ended: index < done ? '2026-01-01T00:00:05Z' : null,
    summary: index < done ? 'figures' : null,
  }));
  const pending: PendingActivity = {
    phase: PHASES[done] ?? '',
    activityId: '1',
    state: 'started',
    attempt: 1,
    maximumAttempts: null,
    nextAttempt: null,
    deadline: null,
    lastFailure: null,
    progress: null,
    lastHeartbeat: null,
    worker: null,
    ...activity,
  };
  return {
    workflowId: 'id',
    runId: 'run',
    state: 'RUNNING',
    started: NOW,
    closed: null,
    status: { phase: PHASES[done] ?? 'done', phases, megatron_path: '/m', hf_path: '/h' },
    activity: activity === null ? null : pending,
    ...extra,
  };
}

const failure = { type: 'CheckpointIncomplete', message: '.metadata is missing', facts: {}, problems: [] } as const;

test('the first look tells all phases so far', () => {
  expect(eventsBetween(null, look(1, null), NOW)).toEqual([
    { event: 'phase', phase: 'checkCompleteness', state: 'done', summary: 'figures', seconds: 5 },
    { event: 'phase', phase: 'validateParallelism', state: 'running', summary: null, seconds: 60 },
  ]);
});

test('the next look tells what changed, phases that came and went included', () => {
  const phases = eventsBetween(look(0, null), look(2, null), NOW).map(
    (event) => event.event === 'phase' && [event.phase, event.state],
  );
  expect(phases).toEqual([
    ['checkCompleteness', 'done'],
    ['validateParallelism', 'done'],
    ['convert', 'running'],
  ]);
  expect(eventsBetween(look(2, null), look(2, null), NOW)).toEqual([]);
});

test('a retry that is due later is a wait: the attempt that failed, why, and when the next one is', () => {
  const after = look(0, {
    state: 'scheduled',
    attempt: 4,
    lastFailure: failure,
    nextAttempt: new Date('2026-01-01T00:01:10Z'),
  });
  expect(eventsBetween(look(0, null), after, NOW)).toEqual([
    {
      event: 'waiting',
      phase: 'checkCompleteness',
      attempt: 3,
      reason: '.metadata is missing',
      next: '2026-01-01T00:01:10.000Z',
    },
  ]);
});

test.each([
  [look(0, { state: 'paused', attempt: 2, lastFailure: failure }), /^paused in the Temporal UI; \.metadata is missing/],
  [look(0, { state: 'scheduled' }), /^no worker has taken it up/],
  [look(0, null, { status: null }), /^no worker answers for this run/],
])('why nothing moves', (after, reason) => {
  expect(eventsBetween(look(0, null), after, NOW)).toEqual([
    expect.objectContaining({ event: 'waiting', attempt: 1, reason: expect.stringMatching(reason) as string }),
  ]);
});

test('heartbeat details are the progress of a running attempt', () => {
  const details = { phase: 'convert', message: 'converting', done_bytes: 1, total_bytes: 2 } as const;
  expect(eventsBetween(look(2, null), look(2, { progress: details }), NOW)).toEqual([
    { event: 'progress', ...details },
  ]);
});
