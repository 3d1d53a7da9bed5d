// `run`: start a conversion on the Temporal server, or find the one that is running, and follow it.
import type { Command } from 'commander';

export interface RunFlags {
  readonly config?: string;
  readonly dryRun?: true;
  readonly detach?: true;
  readonly json?: true;
}

export function addRunCommand(program: Command, parameters: string): void {
  program
    .command('run')
    .description('convert durably: start a workflow and follow it (Ctrl-C detaches, the run goes on)')
    .argument('[overrides...]', 'parameters as key=value, the value in YAML; they win over the configuration')
    .option('-c, --config <name|path>', "configuration: a name from the package's config/ or ./config, or a path")
    .option('-d, --dry-run', 'print the compiled configuration and exit; nothing is started or written')
    .option('--detach', 'print the workflow id and return at once')
    .option('--json', 'one JSON object a line on stdout')
    .allowUnknownOption()
    .addHelpText('after', EXAMPLES)
    .addHelpText('after', parameters)
    .action(async (overrides: string[], flags: RunFlags) => {
      const { run } = await import('../run.ts');
      process.exitCode = await run(overrides, flags);
    });
}

const EXAMPLES = `
Examples:
  $ megatron-to-hf run megatron_path=/runs/sft/iter_0000100 hf_model_id=meta-llama/Llama-3.1-8B hf_path=./sft-hf
  $ megatron-to-hf run -c my.yaml tp=8 torchrun.nproc_per_node=8 wait.timeout=6h
  $ megatron-to-hf run -c my.yaml -d                    look first
  $ megatron-to-hf run -c my.yaml --detach --json       from a script

The checkpoint may still be being saved: the run waits for it. The same request twice is one run.
`;
