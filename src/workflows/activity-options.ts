// How each activity is queued, limited and retried (docs/architecture.md, "The flow"). One table of options, made for each run.
import { type ActivityOptions, proxyActivities } from '@temporalio/workflow';

import type { ConversionActivities } from '../activities/types.ts';
import { CONVERT_QUEUE, type ConversionInput, PREFLIGHT_QUEUE, SMOKE_QUEUE, toSeconds } from '../contract/index.ts';

const SUMMARY_BYTES = 200;
/** In seconds, for all attempts together and the wait for a worker. */
export const END_JOB_LIMIT = 300;

const milliseconds = (duration: number | string): number => Math.max(1, Math.round(toSeconds(duration) * 1000));

/** Options of every activity of one run. Durations in milliseconds. */
export function activityOptions(input: ConversionInput): Record<keyof ConversionActivities, ActivityOptions> {
  const { wait, retry, smoke } = input;
  const preflight = input.task_queues.preflight ?? PREFLIGHT_QUEUE;
  const heartbeatTimeout = milliseconds(retry.heartbeat);
  return {
    checkCompleteness: {
      taskQueue: preflight,
      summary: summarize(`wait up to ${text(wait.timeout)} for ${input.megatron_path}`),
      // The deadline of the wait. Attempts are unlimited: each is one look.
      scheduleToCloseTimeout: milliseconds(wait.timeout),
      startToCloseTimeout: '30 minutes',
      heartbeatTimeout,
      retry: {
        initialInterval: milliseconds(wait.initial_interval),
        maximumInterval: Math.max(milliseconds(wait.initial_interval), milliseconds(wait.max_interval)),
        backoffCoefficient: 1.5,
      },
    },
    validateParallelism: {
      taskQueue: preflight,
      summary: summarize(`plan the export for ${input.hf_model_id}`),
      startToCloseTimeout: '30 minutes',
      heartbeatTimeout,
      retry: { initialInterval: '1 second', maximumInterval: '1 minute', maximumAttempts: 4 },
    },
    convert: {
      taskQueue: input.task_queues.convert ?? CONVERT_QUEUE,
      summary: summarize(`write the safetensors of ${input.hf_path}`),
      startToCloseTimeout: milliseconds(retry.convert_timeout),
      heartbeatTimeout,
      retry: { initialInterval: '2 seconds', maximumInterval: '1 minute', maximumAttempts: retry.convert_attempts },
    },
    endJob: {
      taskQueue: input.task_queues.convert ?? CONVERT_QUEUE,
      summary: summarize(`end the job, if one is left, of ${input.hf_path}`),
      // The run is over but for this: whoever cancelled it waits.
      scheduleToCloseTimeout: milliseconds(END_JOB_LIMIT),
      heartbeatTimeout,
      retry: { initialInterval: '2 seconds', maximumInterval: '30 seconds', maximumAttempts: 5 },
      // Conversions that wait in the same queue for hours would outlast the limit.
      priority: { priorityKey: 1 },
    },
    verify: {
      taskQueue: preflight,
      summary: summarize(`close the books (${input.verify})`),
      startToCloseTimeout: milliseconds(retry.convert_timeout),
      heartbeatTimeout,
      retry: { initialInterval: '2 seconds', maximumAttempts: 2 },
    },
    smokeGenerate: {
      taskQueue: input.task_queues.smoke ?? SMOKE_QUEUE,
      summary: summarize('generate text with the exported model'),
      // The domain ends the process at smoke.timeout and says so; the server's limit only covers a lost worker.
      startToCloseTimeout: milliseconds(smoke.timeout) + 120_000,
      heartbeatTimeout,
      retry: { initialInterval: '5 seconds', maximumAttempts: 2 },
    },
    publish: {
      taskQueue: preflight,
      summary: summarize(`publish ${input.hf_path}`),
      startToCloseTimeout: '6 hours',
      heartbeatTimeout,
      retry: { initialInterval: '2 seconds', maximumInterval: '1 minute', maximumAttempts: 30 },
    },
  };
}

/** One proxy an activity, since queue, limits and summary differ. */
export function proxyPhases(input: ConversionInput): ConversionActivities {
  const options = activityOptions(input);
  return {
    checkCompleteness: proxy(options.checkCompleteness).checkCompleteness,
    validateParallelism: proxy(options.validateParallelism).validateParallelism,
    convert: proxy(options.convert).convert,
    endJob: proxy(options.endJob).endJob,
    verify: proxy(options.verify).verify,
    smokeGenerate: proxy(options.smokeGenerate).smokeGenerate,
    publish: proxy(options.publish).publish,
  };
}

// SDK 1.24 documents this cancellation type as the default, and sends TRY_CANCEL when it is not named: the run would be over while
// ranks still write.
const proxy = (options: ActivityOptions): ReturnType<typeof proxyActivities<ConversionActivities>> =>
  proxyActivities<ConversionActivities>({ ...options, cancellationType: 'WAIT_CANCELLATION_COMPLETED' });

const text = (duration: number | string): string => (typeof duration === 'number' ? `${duration} s` : duration);

/** The server refuses summaries above 200 bytes; a path is recognised by its end. */
function summarize(line: string): string {
  const bytes = new TextEncoder().encode(line);
  if (bytes.length <= SUMMARY_BYTES) return line;
  const [verb] = line.split('/', 1);
  // No character takes less than a byte: what is longer cannot fit, and would be cut one by one.
  let tail = line.slice(verb?.length ?? 0).slice(-SUMMARY_BYTES);
  while (new TextEncoder().encode(`${verb}…${tail}`).length > SUMMARY_BYTES) tail = tail.slice(1);
  return `${verb}…${tail}`;
}
