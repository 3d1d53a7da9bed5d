// What the history of a run tells: its request, how far it came, and where a reset would begin.
import type { WorkflowHandle } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';

import { type ConversionRequest, ConvertResult, PHASES, type Phase } from '../contract/index.ts';

export interface PastRun {
  /** As its caller gave it: it may be one that was refused. */
  readonly request: ConversionRequest;
  /** Task queue of the workflow. */
  readonly taskQueue: string;
  /** Phases that were begun, in their order. */
  readonly begun: readonly Phase[];
  /** Phases that ended well. */
  readonly done: readonly Phase[];
  /** What the conversion reported, where it ended well. */
  readonly converted: ConvertResult | null;
  /** By phase: the workflow task that scheduled it. A reset to that event begins with the phase. */
  readonly resetPoints: ReadonlyMap<Phase, EventId>;
}

/** A 64-bit number of the protocol. */
type EventId = NonNullable<
  NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number]['eventId']
>;

/** @throws WorkflowNotFoundError; Error for a history without its first event. */
export async function readPastRun(handle: WorkflowHandle): Promise<PastRun> {
  const { events } = await handle.fetchHistory();
  const converter = handle.client.options.loadedDataConverter;
  const started = events?.[0]?.workflowExecutionStartedEventAttributes;
  if (!started) throw new Error(`the history of ${handle.workflowId} has no first event`);
  const [request] = await decodeArrayFromPayloads(converter, started.input?.payloads ?? []);
  const phases = new Map<string, Phase>();
  const resetPoints = new Map<Phase, EventId>();
  const done: Phase[] = [];
  let converted: ConvertResult | null = null;
  for (const event of events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const phase = PHASES.find((name) => name === scheduled?.activityType?.name);
    if (scheduled?.workflowTaskCompletedEventId && phase) {
      phases.set(String(event.eventId), phase);
      resetPoints.set(phase, scheduled.workflowTaskCompletedEventId);
    }
    const completed = event.activityTaskCompletedEventAttributes;
    const ended = completed && phases.get(String(completed.scheduledEventId));
    if (!completed || !ended) continue;
    done.push(ended);
    if (ended !== 'convert') continue;
    const [result] = await decodeArrayFromPayloads(converter, completed.result?.payloads ?? []);
    converted = ConvertResult.safeParse(result).data ?? null;
  }
  return {
    // Whoever starts it again checks it.
    request: request as ConversionRequest,
    taskQueue: started.taskQueue?.name ?? '',
    begun: PHASES.filter((name) => resetPoints.has(name)),
    done: PHASES.filter((name) => done.includes(name)),
    converted,
    resetPoints,
  };
}
