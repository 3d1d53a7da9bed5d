// `inspect`: what is in this checkpoint, and where would it go?
import type { Command } from 'commander';
import type { InspectFlags } from '../flags.ts';

export function addInspectCommand(program: Command): void {
  program
    .command('inspect')
    .description('show what a checkpoint holds and, with a reference, where each tensor goes')
    .argument('<path>', 'the iteration directory, normally iter_NNNNNNN')
    .option('-r, --reference <id|path>', 'Hugging Face model id or local directory: adds the mapping and the books')
    .option('--all', 'one line for each tensor: layers and experts apart, optimizer too')
    .option('--json', 'one JSON object on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: InspectFlags) => {
      const { inspect } = await import('../inspect.ts');
      process.exitCode = await inspect(path, flags);
    });
}

const EXAMPLES = `
Reads .metadata and the recorded training configuration, never the weights. Without a reference the family is a guess from what the
run recorded; with one, the tensors are mapped and the books show by which rule each is converted, dropped or left open.
Tensors that differ only in layer and expert numbers are one line: decoder.layers.{0..31}.mlp.linear_fc1.weight  x 32.

Examples:
  $ megatron-to-hf inspect /runs/sft/iter_0000100
  $ megatron-to-hf inspect /runs/sft/iter_0000100 --reference meta-llama/Llama-3.1-8B
  $ megatron-to-hf inspect --json iter_0000100 | jq '.tensors[].key'
`;
