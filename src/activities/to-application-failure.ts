// The domain's errors in Temporal's terms: one shape for every activity.
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { z } from 'zod';

import { ConversionError, FAILURES } from '../contract/index.ts';

// A failure travels in one payload and is shown in the UI; a checkpoint with 100,000 bad items must not exceed the limits.
const MAX_PROBLEMS = 50;
const MAX_MESSAGE = 8000;
const MAX_PROBLEM = 1000;
/** Characters of the facts as JSON; the server refuses payloads of 2 MB. */
const MAX_FACTS = 100_000;

/**
 * `ConversionError` becomes `ApplicationFailure` of its type with details `[facts, problems]`: final where the table of failures says
 * so, or where the domain set `facts.final`. Waiting is benign: no error in the logs. Other errors pass unchanged and are retried.
 */
export function toApplicationFailure(error: unknown): unknown {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof z.ZodError) {
    const problems = error.issues.map((it) => it.message);
    const unknown = error.issues.flatMap((it) => (it.code === 'unrecognized_keys' ? it.keys : []));
    if (unknown.length > 0 && error.issues.every((it) => it.code === 'unrecognized_keys')) return olderWorker(unknown);
    return new ApplicationFailure(bound(z.prettifyError(error)), 'InvalidInput', true, [{}, boundProblems(problems)]);
  }
  if (!(error instanceof ConversionError)) return error;
  const row = FAILURES[error.type];
  const waiting = error.type === 'CheckpointIncomplete';
  return ApplicationFailure.create({
    type: error.type,
    message: withAdvice(error.message, row.advice),
    nonRetryable: !row.retryable || error.facts['final'] === true,
    details: [boundFacts(error.facts), boundProblems(error.problems)],
    ...(waiting ? { category: ApplicationFailureCategory.BENIGN } : {}),
    ...(error.cause instanceof Error ? { cause: shortenCause(error.cause) } : {}),
  });
}

/**
 * The workflow has checked the request before: its worker knows parameters that this one does not. What they would change cannot be known
 * here, so they are not ignored; another attempt may reach a newer worker.
 */
function olderWorker(unknown: readonly string[]): ApplicationFailure {
  const problem = `this worker does not know ${unknown.join(', ')}: it is older than the one that runs the workflow`;
  return ApplicationFailure.create({
    type: 'InvalidInput',
    message: `${problem}. Upgrade every worker of this task queue, those of the activities before those of the workflow.`,
    nonRetryable: false,
    details: [{ unknown }, [problem]],
  });
}

function withAdvice(message: string, advice: string): string {
  const bounded = bound(message);
  return bounded.includes(advice) ? bounded : `${bounded}\n${advice}`;
}

function bound(message: string): string {
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)} ...` : message;
}

/** What people need to know of a cause; its own message, stack and causes may be megabytes. */
function shortenCause(cause: Error): Error {
  if (cause.message.length <= MAX_PROBLEM && (cause.stack?.length ?? 0) <= MAX_MESSAGE && cause.cause === undefined) {
    return cause;
  }
  const short = new Error(cause.message.slice(0, MAX_PROBLEM));
  short.name = cause.name;
  short.stack = bound((cause.stack ?? '').replace(cause.message, short.message));
  return short;
}

function boundFacts(facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (JSON.stringify(facts).length <= MAX_FACTS) return facts;
  const short = Object.entries(facts).filter(([, value]) => JSON.stringify(value ?? null).length <= MAX_PROBLEM);
  return { ...Object.fromEntries(short), shortened: true };
}

function boundProblems(problems: readonly string[]): string[] {
  const shown = problems.slice(0, MAX_PROBLEMS).map((line) => line.slice(0, MAX_PROBLEM));
  return problems.length > MAX_PROBLEMS ? [...shown, `... and ${problems.length - MAX_PROBLEMS} more`] : shown;
}
