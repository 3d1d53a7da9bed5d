// Every worker judges paths for itself: phases may run on workers with other roots, hours after the preflight, and may be called by anybody.
import { resolve } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import type { ConversionInput } from '../contract/input.ts';
import type { ConvertResult, PreflightResult } from '../contract/results.ts';
import type { WorkerPolicy } from '../contract/surroundings.ts';
import { stagingPath } from '../files/staging.ts';
import { refusePaths } from './preflight-policy.ts';

/** What earlier phases say about the staging directory. */
interface Claims {
  readonly preflight: Pick<PreflightResult, 'byte_digest'>;
  readonly converted: Pick<ConvertResult, 'staging'>;
}

/**
 * A staging directory is that of the target and of the plan, and no other: it is deleted in the end.
 * @throws ConversionError PolicyRefused with every path that this worker may not touch.
 */
export async function guardPhase(
  input: Pick<ConversionInput, 'megatron_path' | 'hf_path' | 'smoke' | 'hf_model_id'>,
  policy: Pick<WorkerPolicy, 'allowedRoots'>,
  claims?: Claims,
): Promise<void> {
  const problems = await refusePaths(input, policy);
  if (claims) {
    const staging = stagingPath(input.hf_path, claims.preflight.byte_digest);
    if (resolve(claims.converted.staging) !== staging) {
      problems.push(
        `${claims.converted.staging} is not the staging directory of ${input.hf_path}, which is ${staging}`,
      );
    }
  }
  if (problems.length > 0) throw new ConversionError('PolicyRefused', `${problems.join('; ')}.`, { problems });
}
