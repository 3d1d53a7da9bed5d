// The pipeline in this process, with its events for a person or a script, and its exit code.
import type { Progress } from '../contract/index.ts';
import { ConversionError, type ConversionInput } from '../contract/index.ts';
import type { Crew, WorkerPolicy } from '../contract/surroundings.ts';
import type { PipelineObserver } from '../engines/run-pipeline.ts';
import { chooseReporter } from './choose-reporter.ts';
import { describeFailure, type Failure } from './describe-failure.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { isOwnerAlive } from './is-owner-alive.ts';
import { describeSelf } from './reader-surroundings.ts';
import type { Reporter } from './run-event.ts';

export interface Showing {
  readonly json?: true;
  /** Called with what is reported, where something failed. */
  readonly onFailure?: (failure: Failure) => void;
}

export interface Around {
  readonly policy: WorkerPolicy;
  readonly signal: AbortSignal;
  readonly crew?: Crew;
}

export async function convertAndReport(input: ConversionInput, around: Around, showing: Showing): Promise<number> {
  const { runPipeline } = await import('../engines/run-pipeline.ts');
  const reporter = chooseReporter({ json: showing.json === true, showProgress: input.show_progress });
  try {
    const surroundings = {
      ...around,
      onProgress: (progress: Progress) => reporter.report({ event: 'progress', ...progress }),
      worker: describeSelf(),
      previous: null,
      isOwnerAlive,
    };
    const result = await runPipeline(input, surroundings, observe(reporter));
    reporter.report({ event: 'result', ...result });
    if (!showing.json) process.stdout.write(`${result.hf_path}\n`);
    return EXIT_CODES.done.code;
  } catch (error) {
    return await reportEnd(error, around.signal, reporter, showing);
  } finally {
    reporter.close();
  }
}

/** Reports why nothing was, or will be, converted. */
export async function reportFailed(error: unknown, signal: AbortSignal, showing: Showing): Promise<number> {
  const reporter = chooseReporter({ json: showing.json === true, showProgress: false });
  try {
    return await reportEnd(error, signal, reporter, showing);
  } finally {
    reporter.close();
  }
}

async function reportEnd(error: unknown, signal: AbortSignal, reporter: Reporter, showing: Showing): Promise<number> {
  // A failure that aborts the signal is a failure; anything else was a person.
  if (signal.aborted && !(signal.reason instanceof ConversionError)) {
    const message = 'interrupted: no rank is left; the same command goes on with the finished files';
    reporter.report({ event: 'interrupted', message, exit_code: EXIT_CODES.interrupted.code });
    return EXIT_CODES.interrupted.code;
  }
  const failure = await describeFailure(error);
  reporter.report({ event: 'failed', ...failure });
  showing.onFailure?.(failure);
  return failure.exit_code;
}

function observe({ report }: Reporter): PipelineObserver {
  return {
    onPhaseStart: (phase) => report({ event: 'phase', phase, state: 'running', summary: null, seconds: null }),
    onPhaseEnd: (phase, state, summary, seconds) => report({ event: 'phase', phase, state, summary, seconds }),
    onRetry: (phase, attempt, failure, pause) => {
      const next = new Date(Date.now() + pause * 1000).toISOString();
      report({ event: 'waiting', phase, attempt, reason: failure.message, next });
    },
  };
}
