// The public contract: input, results, failures and names. Only zod is imported, so it is safe in the workflow sandbox.
export { ARTIFACTS } from './artifacts.ts';
export {
  ConversionInput,
  RetryOptions,
  SmokeOptions,
  TorchrunOptions,
  WaitOptions,
  type ConversionRequest,
} from './input.ts';
export {
  CompletenessResult,
  ConversionResult,
  ConversionStatus,
  ConvertResult,
  PHASES,
  PreflightResult,
  Progress,
  PublishResult,
  SmokeResult,
  VerifyResult,
  type Phase,
} from './results.ts';
export { ConversionError, FAILURES, isFailureType, type FailureType } from './failures.ts';
export { CONVERT_QUEUE, MANIFEST_FILE, PREFLIGHT_QUEUE, SMOKE_QUEUE, STATUS_QUERY, WORKFLOW_TYPE } from './names.ts';
export { formatBytes, formatSeconds, toBytes, toSeconds } from './units.ts';
export { composeResult } from './compose-result.ts';
export { NOT_VALIDATED, runPhases, type Outcome, type PhaseRunner, type PhaseWork } from './run-phases.ts';
