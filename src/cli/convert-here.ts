// `convert`: the pipeline in this process.
import type { Progress } from '../contract/index.ts';
import { loadConfig } from '../config/load-config.ts';
import { loadWorkerConfig } from '../config/worker-policy.ts';
import type { PipelineObserver } from '../engines/run-pipeline.ts';
import { chooseReporter } from './choose-reporter.ts';
import type { ConvertFlags } from './commands/convert.ts';
import { describeFailure } from './describe-failure.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { listenForInterrupt } from './interrupt.ts';
import { isOwnerAlive } from './is-owner-alive.ts';
import { printConfig } from './print-config.ts';
import { describeSelf } from './reader-surroundings.ts';
import type { Reporter } from './run-event.ts';

export async function convertHere(overrides: readonly string[], flags: ConvertFlags): Promise<number> {
  const loaded = await loadConfig({ config: flags.config, overrides });
  if (flags.dryRun) {
    printConfig(loaded, flags.json === true);
    return EXIT_CODES.done.code;
  }
  const { input } = loaded;
  const { policy } = await loadWorkerConfig(flags.worker);
  const { runPipeline } = await import('../engines/run-pipeline.ts');
  const reporter = chooseReporter({ json: flags.json === true, showProgress: input.show_progress });
  const interrupt = listenForInterrupt();
  try {
    const surroundings = {
      signal: interrupt.signal,
      onProgress: (progress: Progress) => reporter.report({ event: 'progress', ...progress }),
      policy,
      worker: describeSelf(),
      previous: null,
      isOwnerAlive,
    };
    const result = await runPipeline(input, surroundings, observe(reporter));
    reporter.report({ event: 'result', ...result });
    if (!flags.json) process.stdout.write(`${result.hf_path}\n`);
    return EXIT_CODES.done.code;
  } catch (error) {
    if (interrupt.signal.aborted) {
      reporter.close();
      process.stderr.write('interrupted: no rank is left; the same command goes on with the finished files\n');
      return EXIT_CODES.interrupted.code;
    }
    const failure = await describeFailure(error);
    reporter.report({ event: 'failed', ...failure });
    return failure.exit_code;
  } finally {
    interrupt.stop();
    reporter.close();
  }
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
