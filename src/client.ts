// `megatron-to-hf`: starting, following and cancelling conversions from a program.
export { connect, type ConnectOptions } from './client/connect.ts';
export {
  type ConversionHandle,
  startConversion,
  type StartedConversion,
  type StartOptions,
} from './client/start-conversion.ts';
export { type ConversionProgress, describeProgress, type PendingActivity } from './client/describe-progress.ts';
export { explainFailure, type FailureReport } from './client/explain-failure.ts';
export { type RetriedConversion, retryConversion, type RetryConversionOptions } from './client/retry-conversion.ts';
export { findSuccessor, type Successor } from './client/find-successor.ts';
export { cancelConversion } from './client/cancel-conversion.ts';
export { workflowIdOf } from './client/run-identity.ts';
export {
  ConversionError,
  ConversionInput,
  type ConversionRequest,
  ConversionResult,
  ConversionStatus,
  FAILURES,
  type FailureType,
  Progress,
  WORKFLOW_TYPE,
} from './contract/index.ts';
