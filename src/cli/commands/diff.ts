// `diff`: do these two hold the same weights?
import { InvalidArgumentError, type Command } from 'commander';
import type { DiffFlags } from '../flags.ts';

export function addDiffCommand(program: Command): void {
  program
    .command('diff')
    .description('compare two exports, or an export and a checkpoint, tensor by tensor')
    .argument('<a>', 'an export (directory or .safetensors file) or a checkpoint (iter_NNNNNNN)')
    .argument('<b>', 'what to compare it with: the same choice')
    .option(
      '-r, --reference <id|path>',
      'which model a checkpoint holds (default: config.json of the export on the other side)',
    )
    .option('-t, --tolerance <x>', 'numbers may differ by this much, and dtypes at will (default: equal bytes)', parse)
    .option('--all', 'one line for each tensor, equal ones too')
    .option('--json', 'one JSON object on stdout')
    .addHelpText('after', EXPLANATION)
    .action(async (a: string, b: string, flags: DiffFlags) => {
      const { diff } = await import('../diff.ts');
      process.exitCode = await diff(a, b, flags);
    });
}

function parse(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('It must be a number of at least 0, for example 1e-3.');
}

const EXPLANATION = `
What is compared:
  An export is a directory with model*.safetensors, with an index or without, or one .safetensors file. A checkpoint stands for
  the tensors that "convert" would write from it: they are put together block by block, nothing is written, and the checksums
  of its shards are verified. Which tensors these are follows from the config.json of the export, or of --reference: a Hugging Face id, a
  directory, or from-checkpoint for what the training run recorded.

How:
  Without --tolerance, equal means equal bytes. F64, F32, F16 and BF16 are compared as numbers in float64, also across dtypes:
  the largest |a - b|, where it is, and how many elements differ. Integers, booleans and FP8 are compared by their bytes.
  NaN equals NaN whatever its bits, 0 equals -0, and an infinity itself; NaN or an infinity beside any other number is a
  difference that no tolerance covers, is counted apart, and takes no part in the maximum.

Exit code 0: equal. 1: different. 2: cannot be compared (wrong usage, or an input that is missing, damaged or unknown).

Examples:
  $ megatron-to-hf diff ./sft-hf ./sft-hf-again                          the same bytes?
  $ megatron-to-hf diff /runs/sft/iter_0000100 ./sft-hf                  does the export hold what the checkpoint holds?
  $ megatron-to-hf diff iter_0000100 iter_0000200 -r meta-llama/Llama-3.1-8B
  $ megatron-to-hf diff ./bf16 ./fp32 --tolerance 4e-3                   two dtypes: rounding is no difference
  $ megatron-to-hf diff --json a b | jq '.tensors[] | select(.status != "equal") | [.name, .distance.max_abs_difference]'
`;
