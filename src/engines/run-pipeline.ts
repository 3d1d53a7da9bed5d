// All phases in their order, without a server: `megatron-to-hf convert`. The workflow does the same with activities.
import { join } from 'node:path';
import { examineCheckpoint } from '../checkpoint/completeness/examine.ts';
import {
  formatBytes,
  type CompletenessResult,
  type ConversionError,
  type ConversionInput,
  type ConversionResult,
  type ConvertResult,
  type Phase,
  type PreflightResult,
  type PublishResult,
  type SmokeResult,
  type VerifyResult,
} from '../contract/index.ts';
import { smokeGenerate } from '../smoke/smoke-generate.ts';
import { convert } from './convert.ts';
import { validateParallelism } from './preflight.ts';
import { publishPhase } from './publish-phase.ts';
import { retryPhase, retryRule } from './retry-phase.ts';
import type { Surroundings } from './types.ts';
import { verify } from './verify.ts';

/** What a caller may want to show. Progress inside a phase comes through `Surroundings.onProgress`. */
export interface PipelineObserver {
  readonly onPhaseStart: (phase: Phase) => void;
  /** `seconds` since its first attempt began. */
  readonly onPhaseEnd: (phase: Phase, state: 'done' | 'failed' | 'skipped', summary: string, seconds: number) => void;
  /** An attempt failed and another follows after `pause` seconds: for the first phase this is the wait. */
  readonly onRetry: (phase: Phase, attempt: number, failure: ConversionError, pause: number) => void;
}

interface Outcome {
  readonly completeness: CompletenessResult;
  readonly preflight: PreflightResult;
  readonly converted: ConvertResult;
  readonly verified: VerifyResult;
  readonly smoke: SmokeResult;
  readonly published: PublishResult;
}

/** Runs one phase with its retries; each attempt sees what the one before reported last. */
type RunPhase = <R>(
  phase: Phase,
  work: (around: Surroundings) => Promise<R>,
  figures: (result: R) => string,
) => Promise<R>;

/**
 * Waits, converts, verifies, tries and publishes.
 *
 * @throws ConversionError of a phase; the signal's reason once it is aborted and every child process is gone
 */
export async function runPipeline(
  input: ConversionInput,
  surroundings: Surroundings,
  observer?: PipelineObserver,
): Promise<ConversionResult> {
  const started = performance.now();
  const seconds = new Map<Phase, number>();
  const runPhase = phaseRunner(input, surroundings, seconds, observer);
  const outcome = await runPhases(input, runPhase, observer);
  return composeResult(input, outcome, seconds, (performance.now() - started) / 1000);
}

async function runPhases(
  input: ConversionInput,
  runPhase: RunPhase,
  observer: PipelineObserver | undefined,
): Promise<Outcome> {
  const completeness = await runPhase(
    'checkCompleteness',
    (around) => examineCheckpoint(input.megatron_path, input, around),
    (it) => `${it.files} files, ${formatBytes(it.bytes)}, ${it.items} items`,
  );
  const preflight = await runPhase(
    'validateParallelism',
    (around) => validateParallelism(input, completeness, around),
    (it) =>
      `${it.architecture}, ${it.tensors} tensors, ${formatBytes(it.bytes)}, ${it.ranks} ranks, engine ${it.engine}`,
  );
  const converted = await runPhase(
    'convert',
    (around) => convert(input, preflight, around),
    (it) => `${it.files} files, ${formatBytes(it.bytes_written)} written, ${it.files_reused} files reused`,
  );
  const verified = await runPhase(
    'verify',
    (around) => verify(input, preflight, converted, around),
    (it) => `${it.tensors} tensors, ${it.parameters} parameters`,
  );
  const smoke = await tryOut(input, converted, runPhase, observer);
  const published = await runPhase(
    'publish',
    (around) => publishPhase(input, { completeness, preflight, converted, verified, smoke }, around),
    (it) => (it.already_published ? 'the same export was already published' : `${it.files} files at ${it.path}`),
  );
  return { completeness, preflight, converted, verified, smoke, published };
}

async function tryOut(
  input: ConversionInput,
  converted: ConvertResult,
  runPhase: RunPhase,
  observer: PipelineObserver | undefined,
): Promise<SmokeResult> {
  if (!input.smoke.enabled) {
    observer?.onPhaseEnd('smokeGenerate', 'skipped', 'NOT VALIDATED: smoke.enabled is false', 0);
    return NOT_TRIED;
  }
  return runPhase(
    'smokeGenerate',
    (around) => smokeGenerate(input, join(converted.staging, 'export'), around),
    (it) => `${it.samples.length} samples, perplexity ${it.perplexity?.toPrecision(3) ?? 'not measured'}`,
  );
}

function phaseRunner(
  input: ConversionInput,
  surroundings: Surroundings,
  seconds: Map<Phase, number>,
  observer: PipelineObserver | undefined,
): RunPhase {
  return async (phase, work, figures) => {
    surroundings.signal.throwIfAborted();
    const started = performance.now();
    const elapsed = () => (performance.now() - started) / 1000;
    let previous: unknown = null;
    const attemptPhase = (attempt: number) =>
      work({
        ...surroundings,
        previous,
        worker: { ...surroundings.worker, attempt },
        onProgress: (progress) => {
          previous = progress;
          surroundings.onProgress(progress);
        },
      });
    observer?.onPhaseStart(phase);
    try {
      const result = await retryPhase(attemptPhase, {
        rule: retryRule(phase, input),
        signal: surroundings.signal,
        onRetry: (attempt, failure, pause) => observer?.onRetry(phase, attempt, failure, pause),
      });
      seconds.set(phase, elapsed());
      observer?.onPhaseEnd(phase, 'done', figures(result), elapsed());
      return result;
    } catch (error) {
      const [firstLine = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
      observer?.onPhaseEnd(phase, 'failed', surroundings.signal.aborted ? 'interrupted' : firstLine, elapsed());
      throw error;
    }
  };
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

function composeResult(
  input: ConversionInput,
  outcome: Outcome,
  seconds: ReadonlyMap<Phase, number>,
  total: number,
): ConversionResult {
  const { completeness, preflight, converted, verified, smoke, published } = outcome;
  const phases: readonly { readonly warnings: readonly string[] }[] = Object.values(outcome);
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
      wait: seconds.get('checkCompleteness') ?? 0,
      convert: seconds.get('convert') ?? 0,
      verify: seconds.get('verify') ?? 0,
      smoke: seconds.get('smokeGenerate') ?? 0,
      total,
    },
    warnings: [...new Set(phases.flatMap((phase) => phase.warnings))],
  };
}
