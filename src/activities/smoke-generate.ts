// Activity `smokeGenerate`: a real generation with the staged export.
import type { SmokeResult } from '../contract/index.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { SmokeArguments } from './arguments.ts';
import { runActivity } from './run-activity.ts';

export const makeSmokeGenerate = (policy: WorkerPolicy): ((args: SmokeArguments) => Promise<SmokeResult>) =>
  runActivity('smokeGenerate', policy, SmokeArguments, async ({ input, preflight, converted }, surroundings) => {
    const { smokePhase } = await import('../engines/smoke.ts');
    return smokePhase(input, preflight, converted, surroundings);
  });
