// Phase `checkCompleteness`: what no waiting can mend is refused before anybody waits for hours, then one look at the checkpoint.
import { examineCheckpoint } from '../checkpoint/completeness/examine.ts';
import { ConversionError, type CompletenessResult, type ConversionInput } from '../contract/index.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import { findProfileProblem } from '../executors/find-profile.ts';
import { refusePaths } from './preflight-policy.ts';

/** @throws ConversionError PolicyRefused for a path or a profile that this worker does not allow; otherwise as `examineCheckpoint` */
export async function checkCompleteness(
  input: ConversionInput,
  surroundings: Surroundings,
): Promise<CompletenessResult> {
  const { policy } = surroundings;
  const noProfile = findProfileProblem(input.profile, policy);
  const problems = [...(await refusePaths(input, policy)), ...(noProfile === null ? [] : [noProfile])];
  if (problems.length > 0) throw new ConversionError('PolicyRefused', problems.join('\n'), { problems });
  return examineCheckpoint(input.megatron_path, input, surroundings);
}
