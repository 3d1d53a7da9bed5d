// `inspect`: what is in this checkpoint, and where would it go?
import type { Command } from 'commander';

export interface InspectFlags {
  readonly reference?: string;
  readonly json?: true;
}

export function addInspectCommand(program: Command): void {
  program
    .command('inspect')
    .description('show what a checkpoint holds and, with a reference, where each tensor goes')
    .argument('<path>', 'the iteration directory, normally iter_NNNNNNN')
    .option('-r, --reference <id|path>', 'Hugging Face model id or local directory: adds the mapping and the books')
    .option('--json', 'one JSON object on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: InspectFlags) => {
      const { inspect } = await import('../inspect.ts');
      process.exitCode = await inspect(path, flags);
    });
}

const EXAMPLES = `
Examples:
  $ megatron-to-hf inspect /runs/sft/iter_0000100
  $ megatron-to-hf inspect /runs/sft/iter_0000100 --reference meta-llama/Llama-3.1-8B
  $ megatron-to-hf inspect --json iter_0000100 | jq '.tensors[].key'
`;
