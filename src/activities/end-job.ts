// Activity `endJob`: the job of a run whose conversion is over, where no attempt of `convert` could end it. Nothing where there is none.
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { ConvertArguments } from './arguments.ts';
import { runActivity } from './run-activity.ts';

/** In seconds. An attempt that fails tells why; one that runs into the limit of the activity does not. */
const PATIENCE = 60;

export const makeEndJob = (policy: WorkerPolicy): ((args: ConvertArguments) => Promise<void>) =>
  runActivity('convert', policy, ConvertArguments, async ({ input, preflight }, surroundings) => {
    const { guardPhase } = await import('../engines/guard-phase.ts');
    const { endOwnJob } = await import('../engines/end-own-job.ts');
    await guardPhase(input, policy);
    await endOwnJob(input, preflight, surroundings, PATIENCE);
  });
