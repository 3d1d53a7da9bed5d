// Activity `publish`: manifest and rename.
import type { PublishResult } from '../contract/index.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { PublishArguments } from './arguments.ts';
import { runActivity } from './run-activity.ts';

export const makePublish = (policy: WorkerPolicy): ((args: PublishArguments) => Promise<PublishResult>) =>
  runActivity('publish', policy, PublishArguments, async ({ input, ...results }, surroundings) => {
    const { publishPhase } = await import('../engines/publish-phase.ts');
    return publishPhase(input, results, surroundings);
  });
