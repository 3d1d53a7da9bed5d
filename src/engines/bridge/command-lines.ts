// The command lines of Megatron-Bridge's converters, as data: which options each generation's `export` has.
import type { ConverterGeneration } from '../../contract/bridge.ts';

export interface CommandLine {
  /** Where the class of script is found in a container, below /opt/Megatron-Bridge. */
  readonly path: string;
  /** Options that are followed by a value. */
  readonly valued: readonly string[];
  /** Options without a value. */
  readonly flags: readonly string[];
  /** Options that only some releases of this generation have: looked for in the text of the script. */
  readonly sometimes: readonly string[];
}

const COMMON = ['--hf-model', '--megatron-path', '--hf-path', '--tp', '--pp', '--ep', '--etp', '--torch-dtype'];

/**
 * `examples`: examples/conversion/convert_checkpoints_multi_gpu.py, `main`, of Megatron-Bridge v0.4.0 (0fbfe7d3, container 26.04) to v0.5.1
 * (5cb3444c); 0.5 added the time limit. `scripts`: scripts/conversion/arguments.py, `build_parser(include_execution=False)`, of v0.6.0
 * (51885cf1) and main (067f987d); run_conversion.py is what its launcher starts in each rank. `helper`: python/bridge_export.py, ours.
 */
export const COMMAND_LINES: Readonly<Record<ConverterGeneration, CommandLine>> = {
  examples: {
    path: 'examples/conversion/convert_checkpoints_multi_gpu.py',
    valued: [...COMMON, '--save-every-n-ranks', '--distributed-timeout-minutes'],
    flags: ['--trust-remote-code', '--no-progress', '--not-strict', '--distributed-save'],
    sometimes: ['--distributed-timeout-minutes'],
  },
  scripts: {
    path: 'scripts/conversion/run_conversion.py',
    valued: [
      '--device',
      ...COMMON,
      '--hf-revision',
      '--save-every-n-ranks',
      '--distributed-timeout-minutes',
      '--export-weight-dtype',
    ],
    flags: [
      '--trust-remote-code',
      '--overwrite',
      '--no-progress',
      '--not-strict',
      '--distributed-save',
      '--no-distributed-save',
    ],
    sometimes: [],
  },
  helper: {
    path: '',
    valued: ['--hf-model', '--megatron-path', '--hf-path', '--torch-dtype'],
    flags: ['--trust-remote-code', '--no-progress', '--not-strict'],
    sometimes: [],
  },
};

/** The generation of a converter, by the name of its file; the names differ between the two. */
export function generationOf(script: string): 'examples' | 'scripts' {
  return script.endsWith('/run_conversion.py') ? 'scripts' : 'examples';
}
