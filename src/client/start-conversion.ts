// Starting a run: the same request twice is one run; another request for a target that is in work is refused.
import { randomUUID } from 'node:crypto';

import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';

import {
  ConversionError,
  ConversionInput,
  type ConversionRequest,
  PREFLIGHT_QUEUE,
  WORKFLOW_TYPE,
} from '../contract/index.ts';
import type { megatronToHf } from '../workflows/megatron-to-hf.ts';
import { readPastRun } from './past-run.ts';
import { digestOf, workflowIdOf } from './run-identity.ts';

/** A run: `result()` gives the `ConversionResult`, `query('status')` the `ConversionStatus`. */
export type ConversionHandle = WorkflowHandle<typeof megatronToHf>;

export interface StartOptions {
  /** @default derived from the target's path */
  readonly workflowId?: string;
  /** Task queue of the workflow. @default the request's `task_queues.preflight`, else `megatron-to-hf` */
  readonly taskQueue?: string;
}

export interface StartedConversion {
  readonly handle: ConversionHandle;
  readonly workflowId: string;
  readonly runId: string;
  /** `true` when this very request was in work already: the handle is that run's. */
  readonly alreadyRunning: boolean;
}

/**
 * Starts a conversion, or finds the run that does the same work already. A finished run does not stand in the way of a new one.
 *
 * @throws ConversionError `InvalidInput` with all problems; `TargetOwned` when another request for this target is running
 */
export async function startConversion(
  client: Client,
  request: ConversionRequest,
  options: StartOptions = {},
): Promise<StartedConversion> {
  const input = parseRequest(request);
  const workflowId = options.workflowId ?? workflowIdOf(input.hf_path);
  const digest = digestOf(input);
  // Which of two simultaneous starts made the run: the one whose token is in its memo.
  const token = randomUUID();
  const started = await client.workflow.start<typeof megatronToHf>(WORKFLOW_TYPE, {
    workflowId,
    taskQueue: options.taskQueue ?? input.task_queues.preflight ?? PREFLIGHT_QUEUE,
    args: [request],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    memo: { request_digest: digest, start_token: token, megatron_path: input.megatron_path, hf_path: input.hf_path },
    staticSummary: tail(`${input.megatron_path} → ${input.hf_path}`, 200),
    staticDetails: `Megatron checkpoint \`${input.megatron_path}\` to Hugging Face directory \`${input.hf_path}\`, reference \`${input.hf_model_id}\``,
  });
  const runId = started.firstExecutionRunId;
  const handle = client.workflow.getHandle<typeof megatronToHf>(workflowId, runId);
  const found = await handle.describe();
  const alreadyRunning = found.memo?.['start_token'] !== token;
  if (alreadyRunning) {
    const running = await findRunning(handle, found);
    if (running.digest !== digest) throw targetOwned(found, running.source, input);
  }
  return { handle, workflowId, runId, alreadyRunning };
}

function parseRequest(request: ConversionRequest): ConversionInput {
  const parsed = ConversionInput.safeParse(request);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  throw new ConversionError(
    'InvalidInput',
    `The request has problems:\n${problems.map((it) => `- ${it}`).join('\n')}`,
    {
      problems,
    },
  );
}

/** What the run in work was asked for: its memo tells, and for one that the Temporal UI or a parent started its history does. */
async function findRunning(
  handle: ConversionHandle,
  { memo }: WorkflowExecutionDescription,
): Promise<{ digest: unknown; source: string }> {
  const { request_digest: digest, megatron_path: source } = memo ?? {};
  if (typeof source === 'string') return { digest, source };
  const { request } = await readPastRun(handle);
  const asked = ConversionInput.safeParse(request).data;
  return asked
    ? { digest: digestOf(asked), source: asked.megatron_path }
    : { digest: null, source: 'an unknown checkpoint' };
}

function targetOwned(found: WorkflowExecutionDescription, source: string, input: ConversionInput): ConversionError {
  const difference =
    source === input.megatron_path
      ? `with other options for the same checkpoint ${source}`
      : `for the checkpoint ${source}, and this request names ${input.megatron_path}`;
  return new ConversionError(
    'TargetOwned',
    `${input.hf_path} is in work: run ${found.workflowId} (${found.runId}), started ${found.startTime.toISOString()}, is writing it ${difference}.`,
    {
      facts: {
        workflow_id: found.workflowId,
        run_id: found.runId,
        hf_path: input.hf_path,
        running_megatron_path: source,
        requested_megatron_path: input.megatron_path,
      },
    },
  );
}

/** The last `bytes` bytes of a line, marked where something is missing. */
function tail(line: string, bytes: number): string {
  const all = Buffer.from(line);
  if (all.length <= bytes) return line;
  return `…${all
    .subarray(all.length - bytes + 6)
    .toString()
    .replace(/^�+/, '')}`;
}
