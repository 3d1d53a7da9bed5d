// `describe`: what does this conversion consume and produce?
import type { Command } from 'commander';
import type { DescribeFlags } from '../flags.ts';

export function addDescribeCommand(program: Command): void {
  program
    .command('describe')
    .description(
      'say what a conversion consumes and produces, its parameters with types and defaults, and its failures',
    )
    .option('--json', 'one JSON object on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: DescribeFlags) => {
      const { describe } = await import('../describe.ts');
      process.exitCode = await describe(flags);
    });
}

const EXAMPLES = `
Examples:
  $ megatron-to-hf describe
  $ megatron-to-hf describe --json | jq -r '.consumes[].type, .produces[].type'
`;
