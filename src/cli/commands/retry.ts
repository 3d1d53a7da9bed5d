// `retry`: a run that is over once more, with what it has converted.
import { Option, type Command } from 'commander';
import type { RetryFlags } from '../flags.ts';

export function addRetryCommand(program: Command): void {
  program
    .command('retry')
    .description('run a failed or cancelled run again; finished files are reused')
    .argument('<id>', 'workflow id, as `run` printed it')
    .argument('[overrides...]', 'parameters to change, as key=value; the others stay those of the run')
    .addOption(
      new Option(
        '--from <place>',
        'start: a new run of the same request (default); smoke: the same run from its smoke generation on, as a reset in the Temporal UI does',
      ).choices(['start', 'smoke']),
    )
    .option('--detach', 'print the workflow id and return at once')
    .option('--json', 'one JSON object a line on stdout')
    .allowUnknownOption()
    .addHelpText('after', EXAMPLES)
    .action(async (id: string, overrides: string[], flags: RetryFlags) => {
      const { retry } = await import('../retry.ts');
      process.exitCode = await retry(id, overrides, flags);
    });
}

const EXAMPLES = `
Examples:
  $ megatron-to-hf retry <id>                                  the checkpoint is complete now
  $ megatron-to-hf retry <id> hf_model_id=meta-llama/Llama-3.1-8B   config and tokenizer from the base model
  $ megatron-to-hf retry <id> smoke.max_perplexity=40          another limit; nothing is converted again
  $ megatron-to-hf retry <id> --from smoke                     after repairing the smoke worker

A run that is not over is refused, and one that succeeded has nothing to retry: its result is shown. docs/recovery.md says more.
`;
