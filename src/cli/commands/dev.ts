// `dev`: a Temporal server and a worker on this machine, to try things out.
import type { Command } from 'commander';
import type { DevFlags } from '../flags.ts';

export function addDevCommand(program: Command): void {
  program
    .command('dev')
    .description('run an embedded Temporal server and a worker on this machine (Ctrl-C ends both)')
    .option('--port <port>', 'port of the server on the loopback interface', '7233')
    .option('--ui-port <port>', 'port of the web UI on the loopback interface', '8233')
    .option('--db <file>', 'keep runs in this SQLite file (default: in memory)')
    .option('-c, --config <path>', 'worker configuration')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: DevFlags) => {
      const { dev } = await import('../dev.ts');
      process.exitCode = await dev(flags);
    });
}

const EXAMPLES = `
Then, in another terminal:
  $ megatron-to-hf run megatron_path=/runs/sft/iter_0000100 hf_model_id=./base hf_path=./sft-hf
`;
