// The one argument of each activity. The workflow imports the types only; the activities parse with the schemas.
import { z } from 'zod';

import {
  CompletenessResult,
  ConversionInput,
  ConvertResult,
  PreflightResult,
  SmokeResult,
  VerifyResult,
} from '../contract/index.ts';

export const CheckCompletenessArguments = z.object({ input: ConversionInput });
export type CheckCompletenessArguments = z.infer<typeof CheckCompletenessArguments>;

export const ValidateParallelismArguments = z.object({ input: ConversionInput, completeness: CompletenessResult });
export type ValidateParallelismArguments = z.infer<typeof ValidateParallelismArguments>;

/** Of `endJob`, too. */
export const ConvertArguments = z.object({ input: ConversionInput, preflight: PreflightResult });
export type ConvertArguments = z.infer<typeof ConvertArguments>;

export const VerifyArguments = z.object({
  input: ConversionInput,
  preflight: PreflightResult,
  converted: ConvertResult,
});
export type VerifyArguments = z.infer<typeof VerifyArguments>;

export const SmokeArguments = z.object({
  input: ConversionInput,
  preflight: PreflightResult,
  converted: ConvertResult,
});
export type SmokeArguments = z.infer<typeof SmokeArguments>;

export const PublishArguments = z.object({
  input: ConversionInput,
  completeness: CompletenessResult,
  preflight: PreflightResult,
  converted: ConvertResult,
  verified: VerifyResult,
  smoke: SmokeResult,
});
export type PublishArguments = z.infer<typeof PublishArguments>;
