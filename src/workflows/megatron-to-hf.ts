// The workflow: six phases in a row, each an activity. Waiting is the retries of the first one.
import { defineQuery, setHandler, workflowInfo } from '@temporalio/workflow';

import {
  composeResult,
  type ConversionRequest,
  type ConversionResult,
  type ConversionStatus,
  runPhases,
  STATUS_QUERY,
} from '../contract/index.ts';
import { proxyPhases } from './activity-options.ts';
import { closingNotes } from './closing-notes.ts';
import { endJobAfter } from './end-job-after.ts';
import { parseRequest } from './parse-request.ts';
import { createPhaseRunner } from './run-phase.ts';

/** Query `status`: the phases, their times and figures. */
export const statusQuery = defineQuery<ConversionStatus>(STATUS_QUERY);

/**
 * Waits until a Megatron `torch_dist` checkpoint is complete, converts, verifies, tries and publishes it as a Hugging Face directory.
 *
 * Start it by the name `megatronToHf` on the task queue `megatron-to-hf`. Cancelling it stops the conversion and waits until the
 * last rank, or its job, is gone. Starting it again reuses the files that are finished.
 *
 * @param request - see `ConversionRequest`; paths are absolute, durations `30s` / `15m` / `24h` or seconds
 * @throws ApplicationFailure whose `type` is a key of `FAILURES` and whose details are `[facts, problems]`
 */
export async function megatronToHf(request: ConversionRequest): Promise<ConversionResult> {
  const input = parseRequest(request);
  const phases = createPhaseRunner(input);
  setHandler(statusQuery, phases.board.status, { description: 'phases, since when, figures' });
  const activities = proxyPhases(input);
  const convert = endJobAfter(input, activities, phases.remark);
  const outcome = await runPhases(input, { ...activities, convert }, phases);
  const total = (Date.now() - workflowInfo().startTime.getTime()) / 1000;
  const result = composeResult(input, outcome, phases.board.seconds, total);
  phases.finish(closingNotes(result));
  return result;
}
