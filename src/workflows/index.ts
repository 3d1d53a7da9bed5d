// What a workflow bundle needs, and nothing else: safe in the workflow sandbox. Parents import types and names from here.
export { megatronToHf, statusQuery } from './megatron-to-hf.ts';
export { CONVERT_QUEUE, PREFLIGHT_QUEUE, SMOKE_QUEUE, STATUS_QUERY, WORKFLOW_TYPE } from '../contract/names.ts';
export { FAILURES, type FailureType } from '../contract/failures.ts';
export { ConversionInput, type ConversionRequest } from '../contract/input.ts';
export { ConversionResult, ConversionStatus, type Phase } from '../contract/results.ts';
