// Activity `convert`: the ranks. A cancel, a pause and a worker's shutdown all end them; the next attempt reuses finished files.
import type { ConvertResult } from '../contract/index.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { ConvertArguments } from './arguments.ts';
import { runActivity } from './run-activity.ts';

export const makeConvert = (policy: WorkerPolicy): ((args: ConvertArguments) => Promise<ConvertResult>) =>
  runActivity('convert', policy, ConvertArguments, async ({ input, preflight }, surroundings) => {
    const { convert } = await import('../engines/convert.ts');
    return convert(input, preflight, surroundings);
  });
