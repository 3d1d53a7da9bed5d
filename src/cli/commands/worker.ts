// `worker`: do the work that the Temporal server hands out.
import type { Command } from 'commander';
import type { WorkerFlags } from '../flags.ts';

export function addWorkerCommand(program: Command): void {
  program
    .command('worker')
    .description('run a worker: it does the checks, conversions and smoke generations of all runs')
    .option(
      '-c, --config <path>',
      'worker configuration (default: $MEGATRON_TO_HF_WORKER_CONFIG, ./config/worker.yaml)',
    )
    .addHelpText('after', EXAMPLES)
    .action(async (flags: WorkerFlags) => {
      const { serve } = await import('../serve.ts');
      process.exitCode = await serve(flags);
    });
}

const EXAMPLES = `
Ctrl-C or SIGTERM drains it: ranks are stopped, the next worker continues where they were.

Examples:
  $ TEMPORAL_ADDRESS=temporal.internal:7233 megatron-to-hf worker -c /etc/megatron-to-hf/worker.yaml
`;
