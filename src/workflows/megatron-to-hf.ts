// The workflow: six activities in a row. Waiting is the retries of the first one.
import { defineQuery, setHandler, workflowInfo } from '@temporalio/workflow';

import {
  type CompletenessResult,
  type ConversionInput,
  type ConversionRequest,
  type ConversionResult,
  type ConversionStatus,
  type ConvertResult,
  formatBytes,
  formatSeconds,
  type PreflightResult,
  type PublishResult,
  type SmokeResult,
  STATUS_QUERY,
  type VerifyResult,
} from '../contract/index.ts';
import { proxyPhases } from './activity-options.ts';
import { parseRequest } from './parse-request.ts';
import { createPhaseRunner, type PhaseRunner } from './run-phase.ts';

/** Query `status`: the phases, their times and figures. */
export const statusQuery = defineQuery<ConversionStatus>(STATUS_QUERY);

interface Outcome {
  readonly completeness: CompletenessResult;
  readonly preflight: PreflightResult;
  readonly converted: ConvertResult;
  readonly verified: VerifyResult;
  readonly smoke: SmokeResult;
  readonly published: PublishResult;
}

/**
 * Waits until a Megatron `torch_dist` checkpoint is complete, converts, verifies, tries and publishes it as a Hugging Face directory.
 *
 * Start it by the name `megatronToHf` on the task queue `megatron-to-hf`. Cancelling it stops the conversion and waits until the
 * last rank is gone. Starting it again reuses the files that are finished.
 *
 * @param request - see `ConversionRequest`; paths are absolute, durations `30s` / `15m` / `24h` or seconds
 * @throws ApplicationFailure whose `type` is a key of `FAILURES` and whose details are `[facts, problems]`
 */
export async function megatronToHf(request: ConversionRequest): Promise<ConversionResult> {
  const input = parseRequest(request);
  const phases = createPhaseRunner(input);
  setHandler(statusQuery, phases.board.status, { description: 'phases, since when, figures' });
  const outcome = await runPhases(input, phases);
  const result = composeResult(input, outcome, phases);
  phases.finish(closingNotes(result));
  return result;
}

async function runPhases(input: ConversionInput, phases: PhaseRunner): Promise<Outcome> {
  const activities = proxyPhases(input);
  const completeness = await phases.run(
    'checkCompleteness',
    'waiting for a complete checkpoint; the pending activity says what is missing',
    () => activities.checkCompleteness({ input }),
    (it) => `${it.files} files, ${formatBytes(it.bytes)}, ${it.items} items`,
  );
  const preflight = await phases.run(
    'validateParallelism',
    'planning',
    () => activities.validateParallelism({ input, completeness }),
    (it) => `${it.architecture}, ${it.tensors} tensors, ${formatBytes(it.bytes)}, ${it.ranks} ranks, engine ${it.engine}`,
  );
  const converted = await phases.run(
    'convert',
    `${preflight.ranks} ranks write ${preflight.files} files; the pending activity shows the progress`,
    () => activities.convert({ input, preflight }),
    (it) => `${it.files} files, ${formatBytes(it.bytes_written)} written, ${it.files_reused} files reused`,
  );
  const verified = await phases.run(
    'verify',
    `comparing the disk with the plan (${input.verify})`,
    () => activities.verify({ input, preflight, converted }),
    (it) => `${it.tensors} tensors, ${it.parameters} parameters`,
  );
  const smoke = await tryOut(input, phases, () => activities.smokeGenerate({ input, preflight, converted }));
  const published = await phases.run(
    'publish',
    'moving into place',
    () => activities.publish({ input, completeness, preflight, converted, verified, smoke }),
    (it) => (it.already_published ? 'the same export was already published' : `${it.files} files at ${it.path}`),
  );
  return { completeness, preflight, converted, verified, smoke, published };
}

async function tryOut(
  input: ConversionInput,
  phases: PhaseRunner,
  generate: () => Promise<SmokeResult>,
): Promise<SmokeResult> {
  if (input.smoke.enabled) {
    return phases.run('smokeGenerate', 'generating text with the export', generate, describeSmoke);
  }
  phases.skip('smokeGenerate', 'NOT VALIDATED: smoke.enabled is false');
  return NOT_TRIED;
}

const NOT_TRIED: SmokeResult = {
  validated: false,
  samples: [],
  perplexity: null,
  shuffled_perplexity: null,
  ratio: null,
  device: null,
  dtype: null,
  versions: {},
  seconds: 0,
  warnings: ['NOT VALIDATED: the smoke generation was switched off (smoke.enabled=false)'],
};

const describeSmoke = (smoke: SmokeResult): string =>
  smoke.perplexity === null
    ? `${smoke.samples.length} samples`
    : `perplexity ${smoke.perplexity.toPrecision(3)}, ${smoke.ratio?.toPrecision(3) ?? '?'} times better than on shuffled tokens`;

function composeResult(input: ConversionInput, outcome: Outcome, { board }: PhaseRunner): ConversionResult {
  const { completeness, preflight, converted, verified, smoke, published } = outcome;
  return {
    hf_path: published.path,
    megatron_path: input.megatron_path,
    iteration: completeness.iteration,
    engine: preflight.engine,
    family: preflight.family,
    validation: smoke.validated ? 'VALIDATED' : 'NOT VALIDATED',
    tensors: verified.tensors,
    parameters: verified.parameters,
    bytes: verified.bytes,
    files: verified.files,
    files_reused: converted.files_reused,
    ranks: converted.ranks,
    manifest: published.manifest,
    manifest_digest: published.manifest_digest,
    already_published: published.already_published,
    smoke,
    seconds: {
      wait: board.seconds('checkCompleteness'),
      convert: board.seconds('convert'),
      verify: board.seconds('verify'),
      smoke: board.seconds('smokeGenerate'),
      total: (Date.now() - workflowInfo().startTime.getTime()) / 1000,
    },
    warnings: [...new Set(phasesOf(outcome).flatMap((phase) => phase.warnings))],
  };
}

const phasesOf = (outcome: Outcome): { readonly warnings: readonly string[] }[] => Object.values(outcome);

function closingNotes(result: ConversionResult): string[] {
  const samples = result.smoke.samples.map((it) => `> **${oneLine(it.prompt)}** ${oneLine(it.text)}`);
  return [
    `**${result.validation}** \`${result.hf_path}\`: ${formatBytes(result.bytes)} in ${formatSeconds(result.seconds.total)}`,
    ...samples,
    ...result.warnings.map((warning) => `- warning: ${oneLine(warning)}`),
  ];
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, 1000);
