// Activity `checkCompleteness`: one look at the checkpoint. Its retries are the wait.
import type { CompletenessResult } from '../contract/index.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { CheckCompletenessArguments } from './arguments.ts';
import { runActivity } from './run-activity.ts';

export const makeCheckCompleteness = (
  policy: WorkerPolicy,
): ((args: CheckCompletenessArguments) => Promise<CompletenessResult>) =>
  runActivity('checkCompleteness', policy, CheckCompletenessArguments, async ({ input }, surroundings) => {
    const { checkCompleteness } = await import('../engines/check-completeness.ts');
    return checkCompleteness(input, surroundings);
  });
