// `cancel`: ask a run to stop.
import type { Command } from 'commander';
import type { CancelFlags } from '../flags.ts';

export function addCancelCommand(program: Command): void {
  program
    .command('cancel')
    .description('cancel a run: its ranks are ended, finished files stay for the next run of the same request')
    .argument('<id>', 'workflow id, as `run` printed it')
    .option('--json', 'one JSON object on stdout')
    .action(async (id: string, flags: CancelFlags) => {
      const { cancel } = await import('../cancel.ts');
      process.exitCode = await cancel(id, flags);
    });
}
