// `check`: is this checkpoint complete?
import type { Command } from 'commander';
import type { CheckFlags } from '../flags.ts';

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('say whether a checkpoint is complete, and if not, what is missing')
    .argument('<path>', 'the iteration directory, normally iter_NNNNNNN')
    .argument('[overrides...]', 'allow_ambiguous_generations=true, wait.settle=10s, ...')
    .option('--json', 'one JSON object on stdout')
    .allowUnknownOption()
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, overrides: string[], flags: CheckFlags) => {
      const { check } = await import('../check.ts');
      process.exitCode = await check(path, overrides, flags);
    });
}

const EXAMPLES = `
Exit code 0: complete. 4: incomplete, waiting can help. 1: damaged or not supported, waiting cannot help.

Examples:
  $ megatron-to-hf check /runs/sft/iter_0000100
  $ until megatron-to-hf check --json /runs/sft/iter_0000100; do sleep 30; done
`;
