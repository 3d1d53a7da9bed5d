// `status`: where a run stands; with --follow, attach to it.
import type { Command } from 'commander';
import type { StatusFlags } from '../flags.ts';

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('show where a run stands, or follow it to its end')
    .argument('<id>', 'workflow id, as `run` printed it')
    .option('-f, --follow', 'attach: follow the run as `run` does (Ctrl-C detaches)')
    .option('--json', 'one JSON object a line on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (id: string, flags: StatusFlags) => {
      const { status } = await import('../status.ts');
      process.exitCode = await status(id, flags);
    });
}

const EXAMPLES = `
Exit code: that of the run when it has ended, else 0.
`;
