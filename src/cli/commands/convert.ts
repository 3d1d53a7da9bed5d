// `convert`: the same pipeline in this process, without a Temporal server.
import type { Command } from 'commander';
import type { ConvertFlags } from '../flags.ts';

export function addConvertCommand(program: Command, parameters: string): void {
  program
    .command('convert')
    .description('convert here and now, without a server (Ctrl-C ends it; finished files are reused next time)')
    .argument('[overrides...]', 'parameters as key=value, the value in YAML; they win over the configuration')
    .option('-c, --config <name|path>', "configuration: a name from the package's config/ or ./config, or a path")
    .option('--worker <path>', 'worker configuration: programs and allowed paths (default: config/worker.yaml)')
    .option('-r, --run <profile>', 'convert where this profile of the worker configuration says')
    .option('-d, --dry-run', 'print the compiled configuration and exit; nothing is written')
    .option('--force-squash', 'accepted for the sake of the step; there is no image to squash here')
    .option('--json', 'one JSON object a line on stdout')
    .allowUnknownOption()
    .addHelpText('after', EXAMPLES)
    .addHelpText('after', parameters)
    .action(async (overrides: string[], flags: ConvertFlags) => {
      const { convertHere } = await import('../convert-here.ts');
      process.exitCode = await convertHere(overrides, flags);
    });
}

const EXAMPLES = `
Examples:
  $ megatron-to-hf convert megatron_path=iter_0000100 hf_model_id=meta-llama/Llama-3.1-8B hf_path=./sft-hf
  $ megatron-to-hf convert -c my.yaml distributed=false smoke.enabled=false
  $ megatron-to-hf convert -c my.yaml -d                 the compiled configuration; nothing is written
  $ srun --nodes 2 --ntasks-per-node 8 megatron-to-hf convert -c my.yaml         with the ranks that are there
  $ torchrun --nnodes 2 ... --no-python megatron-to-hf convert -c my.yaml        the same
  $ megatron-to-hf convert -c my.yaml torchrun.nnodes=2 torchrun.node_rank=0 torchrun.master_addr=host0   on each of two nodes

Exit codes: 0 published, 1 failed, 2 invalid request, 4 incomplete or timed out, 130 interrupted (no rank is left).
docs/existing-world.md says what the ranks of several nodes need. The places of -r are those of: megatron-to-hf profile list
Configuration, environment and spelling of the parameters: see megatron-to-hf run --help
`;
