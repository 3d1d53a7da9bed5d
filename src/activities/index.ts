// The activities of a worker, made for its policy. Domain code is loaded when an activity first runs.
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { makeCheckCompleteness } from './check-completeness.ts';
import { makeConvert } from './convert.ts';
import { makeEndJob } from './end-job.ts';
import { makePublish } from './publish.ts';
import { makeSmokeGenerate } from './smoke-generate.ts';
import type { ConversionActivities } from './types.ts';
import { makeValidateParallelism } from './validate-parallelism.ts';
import { makeVerify } from './verify.ts';

export type { ConversionActivities } from './types.ts';
export type { WorkerPolicy } from '../contract/surroundings.ts';

/**
 * The activities, one a phase and `endJob`, to register in a worker of your own. Programs and allowed paths come from `policy`, never from a request.
 *
 * @example
 * Worker.create({ taskQueue: CONVERT_QUEUE, activities: createActivities({ policy }), maxConcurrentActivityTaskExecutions: 1 })
 */
export function createActivities({ policy }: { readonly policy: WorkerPolicy }): ConversionActivities {
  return {
    checkCompleteness: makeCheckCompleteness(policy),
    validateParallelism: makeValidateParallelism(policy),
    convert: makeConvert(policy),
    endJob: makeEndJob(policy),
    verify: makeVerify(policy),
    smokeGenerate: makeSmokeGenerate(policy),
    publish: makePublish(policy),
  };
}
