// The one adapter between Temporal and the domain: arguments in, surroundings around, progress and errors out.
import { hostname } from 'node:os';

import { CancelledFailure, Context, type Info } from '@temporalio/activity';
import type { z } from 'zod';

import { ConversionError, type Phase } from '../contract/index.ts';
import { CLEANLY_CANCELLED } from '../contract/names.ts';
import type { Surroundings, Worker, WorkerPolicy } from '../contract/surroundings.ts';
import { startHeartbeat } from './heartbeat.ts';
import { isOwnerAlive, isRunOpen } from './is-owner-alive.ts';
import { toApplicationFailure } from './to-application-failure.ts';

/**
 * Makes an activity of a domain function.
 *
 * @param schema - parses the one argument; what does not fit is the final failure `InvalidInput`
 * @param work - gets the parsed argument and its surroundings; it must stop, and leave no process, when `signal` aborts
 */
export function runActivity<A, R>(
  phase: Phase,
  policy: WorkerPolicy,
  schema: z.ZodType<A>,
  work: (args: A, surroundings: Surroundings) => Promise<R>,
): (args: A) => Promise<R> {
  return async (args) => {
    const context = Context.current();
    const signal = context.cancellationSignal;
    const heart = startHeartbeat(phase);
    try {
      return await work(schema.parse(args), {
        signal,
        onProgress: heart.onProgress,
        policy,
        worker: describeWorker(context.info),
        previous: context.info.heartbeatDetails,
        isOwnerAlive: (owner) => isOwnerAlive(owner, context.client),
        isHandedOver: () => isHandedOver(context),
        isLastAttempt: isLastAttempt(context.info),
      });
    } catch (error) {
      // Only the cancellation itself tells the server that the cancel, pause or reset was obeyed; any other error would be a failure.
      if (signal.aborted) throw cancellationOf(context, error);
      if (error instanceof ConversionError) heart.leaveFailure(error.message, error.problems);
      throw toApplicationFailure(error);
    } finally {
      heart.stop();
    }
  };
}

/** Where the domain ended by any other error than the cancellation itself, something may be left; the workflow sees to it. */
function cancellationOf({ cancellationSignal, cancellationDetails }: Context, error: unknown): unknown {
  const { reason } = cancellationSignal;
  const isClean = error === reason && cancellationDetails?.cancelRequested === true;
  return isClean && reason instanceof CancelledFailure
    ? new CancelledFailure(reason.message, [CLEANLY_CANCELLED])
    : reason;
}

/**
 * A worker that shuts down, an attempt whose time is up and a reset are followed by another attempt; a cancel and a pause are not. `notFound`
 * is either: the run is over, or the server gave up on this attempt and has started another one. Where it cannot be asked, nothing is ended.
 * After the last attempt nobody follows, unless a reset brings a new one.
 */
async function isHandedOver(context: Context): Promise<boolean> {
  const { cancellationDetails: details, info } = context;
  if (details === undefined || details.cancelRequested || details.paused) return false;
  if (!details.notFound) return details.reset || ((details.workerShutdown || details.timedOut) && !isLastAttempt(info));
  return isRunOpen(describeWorker(info), context.client).catch(() => true);
}

function isLastAttempt({ attempt, retryPolicy }: Info): boolean {
  const attempts = retryPolicy?.maximumAttempts ?? 0;
  return attempts > 0 && attempt >= attempts;
}

function describeWorker(info: Info): Worker {
  return {
    kind: 'workflow',
    // An activity that a client started by itself has no workflow around it.
    workflowId: info.workflowExecution?.workflowId ?? info.activityId,
    runId: info.workflowExecution?.runId ?? info.activityRunId ?? '',
    attempt: info.attempt,
    namespace: info.namespace,
    host: hostname(),
    pid: process.pid,
  };
}
