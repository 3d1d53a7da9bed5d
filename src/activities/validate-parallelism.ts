// Activity `validateParallelism`: plan, layout, reference, space and target, all problems at once.
import type { PreflightResult } from '../contract/index.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { ValidateParallelismArguments } from './arguments.ts';
import { runActivity } from './run-activity.ts';

export const makeValidateParallelism = (
  policy: WorkerPolicy,
): ((args: ValidateParallelismArguments) => Promise<PreflightResult>) =>
  runActivity(
    'validateParallelism',
    policy,
    ValidateParallelismArguments,
    async ({ input, completeness }, surroundings) => {
      const { validateParallelism } = await import('../engines/preflight.ts');
      return validateParallelism(input, completeness, surroundings);
    },
  );
