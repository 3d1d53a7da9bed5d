// The edge of the workflow: a request from any language becomes a ConversionInput, or the run fails at once.
import { ApplicationFailure } from '@temporalio/workflow';
import type { z } from 'zod';

import { ConversionInput, FAILURES } from '../contract/index.ts';

/** @throws ApplicationFailure `InvalidInput`, non-retryable, that lists every problem in its message and details. */
export function parseRequest(request: unknown): ConversionInput {
  const parsed = ConversionInput.safeParse(request);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(describeIssue);
  throw ApplicationFailure.create({
    type: 'InvalidInput',
    nonRetryable: true,
    message: `${FAILURES.InvalidInput.meaning}\n${problems.map((line) => `- ${line}`).join('\n')}\n${FAILURES.InvalidInput.advice}`,
    details: [{}, problems],
  });
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
