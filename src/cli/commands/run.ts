// `run`: start a conversion on the Temporal server, or find the one that is running, and follow it.
import type { Command } from 'commander';
import type { RunFlags } from '../flags.ts';

export function addRunCommand(program: Command, parameters: string): void {
  program
    .command('run')
    .description('convert durably: start a workflow and follow it (Ctrl-C detaches, the run goes on)')
    .argument('[overrides...]', 'parameters as key=value, the value in YAML; they win over the configuration')
    .option(
      '-c, --config <name|path>',
      "configuration: a name from the package's config/ or ./config, or a path (default: default)",
    )
    .option('-r, --run <profile>', 'convert where this profile of the worker says, and stay attached')
    .option('-b, --batch <profile>', 'convert where this profile says; submit, print the id and return')
    .option('-d, --dry-run', 'print the compiled configuration and exit; nothing is started or written')
    .option('--detach', 'submit without a profile, print the id and return')
    .option('--force-squash', 'accepted for the sake of the step; there is no image to squash here')
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
  $ megatron-to-hf run -c my.yaml -b slurm_convert_model      submit to a profile of worker.yaml
  $ megatron-to-hf run -c my.yaml -d                          look first; > compiled.yaml keeps it, and -c ./compiled.yaml repeats it
  $ megatron-to-hf run -c my.yaml --detach --json             from a script

The checkpoint may still be being saved: the run waits for it. The same request twice is one run.

Configuration:
  A file may build on others (defaults: default, or a list), refer to itself (\${a.b}), and to the environment (\${oc.env:VAR,default},
  \${oc.decode:...}). Values on the command line are YAML: tp=8  strict=false  tp=null  'smoke.prompts=["Once upon a time"]'.
  Every parameter is key=value. What the Nemotron step passes on in silence (--tp 8, --no-strict) is refused, with the right spelling.
  The other spellings of the step are understood: hf_model, use_distributed, torch_dtype. docs/step-parameters.md compares them all.

Environment: CONVERT_OUTPUT_DIR or NEMO_RUN_DIR (where hf_path lies when not given), NEMOTRON_CONVERT_NPROC_PER_NODE,
  NEMOTRON_CONVERT_TP, NEMOTRON_CONVERT_PP, NEMOTRON_CONVERT_EP, NEMOTRON_CONVERT_ETP.
Exit codes: 0 published or submitted, 1 failed, 2 invalid request, 3 cancelled, 4 incomplete or timed out, 5 no server,
  130 detached by Ctrl-C.
`;
