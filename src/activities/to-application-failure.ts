// The domain's errors in Temporal's terms: one shape for every activity.
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { z } from 'zod';

import { ConversionError, FAILURES } from '../contract/index.ts';

// A failure travels in one payload and is shown in the UI; a checkpoint with 100,000 bad items must not exceed the limits.
const MAX_PROBLEMS = 50;
const MAX_MESSAGE = 8000;
const MAX_PROBLEM = 1000;

/**
 * `ConversionError` becomes `ApplicationFailure` of its type with details `[facts, problems]`: final where the table of failures says
 * so, or where the domain set `facts.final`. Waiting is benign: no error in the logs. Other errors pass unchanged and are retried.
 */
export function toApplicationFailure(error: unknown): unknown {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof z.ZodError) {
    return new ApplicationFailure(z.prettifyError(error), 'InvalidInput', true, [
      {},
      error.issues.map((it) => it.message),
    ]);
  }
  if (!(error instanceof ConversionError)) return error;
  const row = FAILURES[error.type];
  const waiting = error.type === 'CheckpointIncomplete';
  return ApplicationFailure.create({
    type: error.type,
    message: withAdvice(error.message, row.advice),
    nonRetryable: !row.retryable || error.facts['final'] === true,
    details: [error.facts, boundProblems(error.problems)],
    ...(waiting ? { category: ApplicationFailureCategory.BENIGN } : {}),
    ...(error.cause instanceof Error ? { cause: error.cause } : {}),
  });
}

function withAdvice(message: string, advice: string): string {
  const bounded = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)} ...` : message;
  return bounded.includes(advice) ? bounded : `${bounded}\n${advice}`;
}

function boundProblems(problems: readonly string[]): string[] {
  const shown = problems.slice(0, MAX_PROBLEMS).map((line) => line.slice(0, MAX_PROBLEM));
  return problems.length > MAX_PROBLEMS ? [...shown, `... and ${problems.length - MAX_PROBLEMS} more`] : shown;
}
