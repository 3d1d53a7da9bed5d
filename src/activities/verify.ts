// Activity `verify`: closes the books on what is on disk.
import type { VerifyResult } from '../contract/index.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { VerifyArguments } from './arguments.ts';
import { runActivity } from './run-activity.ts';

export const makeVerify = (policy: WorkerPolicy): ((args: VerifyArguments) => Promise<VerifyResult>) =>
  runActivity('verify', policy, VerifyArguments, async ({ input, preflight, converted }, surroundings) => {
    const { guardPhase } = await import('../engines/guard-phase.ts');
    const { verify } = await import('../engines/verify.ts');
    await guardPhase(input, policy, { preflight, converted });
    return verify(input, preflight, converted, surroundings);
  });
