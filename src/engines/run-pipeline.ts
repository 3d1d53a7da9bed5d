// All phases in their order, without a server: `megatron-to-hf convert`. The workflow does the same with activities.
import {
  composeResult,
  runPhases,
  ConversionError,
  type ConversionInput,
  type ConversionResult,
  type Phase,
  type PhaseRunner,
  type PhaseWork,
} from '../contract/index.ts';
import { checkCompleteness } from './check-completeness.ts';
import { convert } from './convert.ts';
import { validateParallelism } from './preflight.ts';
import { publishPhase } from './publish-phase.ts';
import { retryPhase, retryRule } from './retry-phase.ts';
import { smokePhase } from './smoke.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import { verify } from './verify.ts';

/** What a caller may want to show. Progress inside a phase comes through `Surroundings.onProgress`. */
export interface PipelineObserver {
  readonly onPhaseStart: (phase: Phase) => void;
  /** `seconds` since its first attempt began. */
  readonly onPhaseEnd: (phase: Phase, state: 'done' | 'failed' | 'skipped', summary: string, seconds: number) => void;
  /** An attempt failed and another follows after `pause` seconds: for the first phase this is the wait. */
  readonly onRetry: (phase: Phase, attempt: number, failure: ConversionError, pause: number) => void;
}

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
  // Each attempt of a phase gets surroundings of its own: the attempt's number, and what the attempt before reported last.
  let around = surroundings;
  const work: PhaseWork = {
    checkCompleteness: () => checkCompleteness(input, around),
    validateParallelism: ({ completeness }) => validateParallelism(input, completeness, around),
    convert: ({ preflight }) => convert(input, preflight, around),
    verify: ({ preflight, converted }) => verify(input, preflight, converted, around),
    smokeGenerate: ({ preflight, converted }) => smokePhase(input, preflight, converted, around),
    publish: (results) => publishPhase(input, results, around),
  };
  const runner: PhaseRunner = {
    async run(phase, _doing, attemptPhase, figures) {
      surroundings.signal.throwIfAborted();
      const phaseStarted = performance.now();
      const elapsed = () => (performance.now() - phaseStarted) / 1000;
      let previous: unknown = null;
      const rule = retryRule(phase, input);
      observer?.onPhaseStart(phase);
      try {
        const result = await retryPhase(
          (attempt) => {
            around = {
              ...surroundings,
              previous,
              isLastAttempt: attempt >= rule.attempts,
              worker: { ...surroundings.worker, attempt },
              onProgress: (progress) => {
                previous = progress;
                surroundings.onProgress(progress);
              },
            };
            return attemptPhase();
          },
          {
            rule,
            signal: surroundings.signal,
            onRetry: (attempt, failure, pause) => observer?.onRetry(phase, attempt, failure, pause),
          },
        );
        seconds.set(phase, elapsed());
        observer?.onPhaseEnd(phase, 'done', figures(result), elapsed());
        return result;
      } catch (error) {
        observer?.onPhaseEnd(phase, 'failed', describeEnd(error, surroundings.signal), elapsed());
        throw error;
      }
    },
    skip: (phase, why) => observer?.onPhaseEnd(phase, 'skipped', why, 0),
  };
  const outcome = await runPhases(input, work, runner);
  return composeResult(input, outcome, (phase) => seconds.get(phase) ?? 0, (performance.now() - started) / 1000);
}

/** A signal that is aborted by a failure, such as the loss of a rank, was interrupted by nobody. */
function describeEnd(error: unknown, { aborted, reason }: AbortSignal): string {
  return aborted && !(reason instanceof ConversionError) ? 'interrupted' : firstLine(error);
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
