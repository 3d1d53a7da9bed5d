// What Temporal's retries do for a workflow, for the pipeline without a server: the same pauses, limits and deadline.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConversionError,
  FAILURES,
  formatSeconds,
  toSeconds,
  type ConversionInput,
  type Phase,
} from '../contract/index.ts';

/** Durations in seconds. The values are those of `workflows/activity-options.ts`. */
export interface RetryRule {
  readonly attempts: number;
  readonly firstPause: number;
  readonly longestPause: number;
  readonly factor: number;
  /** Time for all attempts together; null = no limit. */
  readonly deadline: number | null;
}

export function retryRule(phase: Phase, { wait, retry }: Pick<ConversionInput, 'wait' | 'retry'>): RetryRule {
  const firstPause = toSeconds(wait.initial_interval);
  const usual = { firstPause: 2, longestPause: 60, factor: 2, deadline: null };
  const rules: Record<Phase, RetryRule> = {
    checkCompleteness: {
      attempts: Infinity,
      firstPause,
      longestPause: Math.max(firstPause, toSeconds(wait.max_interval)),
      factor: 1.5,
      deadline: toSeconds(wait.timeout),
    },
    validateParallelism: { ...usual, firstPause: 1, attempts: 4 },
    convert: { ...usual, attempts: retry.convert_attempts },
    verify: { ...usual, attempts: 2 },
    smokeGenerate: { ...usual, firstPause: 5, attempts: 2 },
    publish: { ...usual, attempts: 30 },
  };
  return rules[phase];
}

export interface Retrying {
  readonly rule: RetryRule;
  readonly signal: AbortSignal;
  /** Before each pause: which attempt failed, why, and the pause in seconds. */
  readonly onRetry: (attempt: number, failure: ConversionError, pause: number) => void;
}

/**
 * Calls `work` until it succeeds. Only failures that the failure table marks as retryable are tried again.
 *
 * @throws the last failure; `WaitTimedOut` instead of `CheckpointIncomplete` once the next attempt would miss the deadline, as a
 *   Temporal server decides it; the signal's reason when it is aborted during a pause
 */
export async function retryPhase<R>(
  work: (attempt: number) => Promise<R>,
  { rule, signal, onRetry }: Retrying,
): Promise<R> {
  const started = performance.now();
  for (let attempt = 1, pause = rule.firstPause; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof ConversionError) || isFinal(error) || attempt >= rule.attempts) throw error;
      const elapsed = (performance.now() - started) / 1000;
      if (rule.deadline !== null && elapsed + pause > rule.deadline) throw timeIsUp(error, rule.deadline);
      onRetry(attempt, error, pause);
      // The timer's AbortError hides the reason.
      await sleep(pause * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
      pause = Math.min(pause * rule.factor, rule.longestPause);
    }
  }
}

/** By the failure table, or because the domain says that more of the same is useless (too many fruitless attempts). */
function isFinal(error: ConversionError): boolean {
  return !FAILURES[error.type].retryable || error.facts['final'] === true;
}

function timeIsUp(last: ConversionError, deadline: number): ConversionError {
  if (last.type !== 'CheckpointIncomplete') return last;
  const message = `the checkpoint did not become complete within wait.timeout = ${formatSeconds(deadline)}. The last look said: ${last.message}`;
  return new ConversionError('WaitTimedOut', message, {
    problems: last.problems,
    facts: { ...last.facts },
    cause: last,
  });
}
