// The activities as the workflow sees them: types only, so that the sandbox can import this file.
import type {
  CompletenessResult,
  ConvertResult,
  PreflightResult,
  PublishResult,
  SmokeResult,
  VerifyResult,
} from '../contract/index.ts';
import type {
  CheckCompletenessArguments,
  ConvertArguments,
  PublishArguments,
  SmokeArguments,
  ValidateParallelismArguments,
  VerifyArguments,
} from './arguments.ts';

/** One activity a phase, and `endJob` for a run that ends in its conversion; the names are the activity types in the history. */
export interface ConversionActivities {
  /** One look at the checkpoint. Fails with the retryable `CheckpointIncomplete` while it is being saved: the retries are the wait. */
  readonly checkCompleteness: (args: CheckCompletenessArguments) => Promise<CompletenessResult>;
  /** Plan, layout rules, reference, disk space and target. */
  readonly validateParallelism: (args: ValidateParallelismArguments) => Promise<PreflightResult>;
  /** The ranks. Heartbeats `Progress`; a later attempt reuses the files that an earlier one finished. */
  readonly convert: (args: ConvertArguments) => Promise<ConvertResult>;
  /** Ends the job that the conversion of this run left with a scheduler; nothing where there is none, or where the target is another's. */
  readonly endJob: (args: ConvertArguments) => Promise<void>;
  readonly verify: (args: VerifyArguments) => Promise<VerifyResult>;
  readonly smokeGenerate: (args: SmokeArguments) => Promise<SmokeResult>;
  /** Manifest and rename; resumable from any step. */
  readonly publish: (args: PublishArguments) => Promise<PublishResult>;
}
