// The request in the words of a converter, one to one. Pure.
import type { DType } from '../../checkpoint/types.ts';
import type { ConverterGeneration } from '../../contract/bridge.ts';
import type { ConversionInput } from '../../contract/input.ts';

export type TorchDtype = 'bfloat16' | 'float16' | 'float32';

/** How a weight file names them. */
export const SAFETENSORS = { bfloat16: 'BF16', float16: 'F16', float32: 'F32' } as const satisfies Readonly<
  Record<TorchDtype, DType>
>;

/** What the arguments say beside the paths. */
export interface ConverterOptions {
  readonly generation: ConverterGeneration;
  readonly layout: Readonly<Record<'tp' | 'pp' | 'ep' | 'etp', number>>;
  readonly torchDtype: TorchDtype;
  /** The request and the worker's policy both allow the code that the reference has. */
  readonly trustRemoteCode: boolean;
  readonly input: Pick<
    ConversionInput,
    'strict' | 'show_progress' | 'distributed_save' | 'save_every_n_ranks' | 'distributed_timeout_minutes'
  >;
  /** From worker.yaml. */
  readonly extraArgs: readonly string[];
}

export interface ConverterPaths {
  /** Folder with the reference's config and tokenizer, and with the index that says which file gets which tensor. */
  readonly reference: string;
  readonly checkpoint: string;
  readonly output: string;
}

/** Arguments that decide what is exported: no paths, and nothing about how to get there. */
export function decisiveArguments(options: ConverterOptions): string[] {
  const { generation, input, extraArgs } = options;
  const strict = flag('--not-strict', !input.strict);
  return [...sizes(options), ...model(options), ...strict, ...(generation === 'helper' ? [] : extraArgs)];
}

/** The whole command line behind the script. */
export function converterArguments(options: ConverterOptions, paths: ConverterPaths): string[] {
  const words = {
    helper: [],
    examples: ['export'],
    // The CPU backend of this generation has one process and no layout: that is what `distributed: false` is for.
    scripts: ['export', '--device', 'gpu'],
  }[options.generation];
  const places = ['--hf-model', paths.reference, '--megatron-path', paths.checkpoint, '--hf-path', paths.output];
  const { generation, input, extraArgs } = options;
  const usual = [...flag('--no-progress', !input.show_progress), ...flag('--not-strict', !input.strict)];
  const rest = generation === 'helper' ? [] : [...timeLimit(input), ...savers(generation, input), ...extraArgs];
  return [...words, ...places, ...sizes(options), ...model(options), ...usual, ...rest];
}

function sizes({ generation, layout }: ConverterOptions): string[] {
  if (generation === 'helper') return [];
  return Object.entries(layout).flatMap(([name, size]) => [`--${name}`, String(size)]);
}

function model({ torchDtype, trustRemoteCode }: ConverterOptions): string[] {
  return ['--torch-dtype', torchDtype, ...flag('--trust-remote-code', trustRemoteCode)];
}

/** Scripts of 0.6 save distributed unless they are told not to, and refuse an interval without it. */
function savers(
  generation: 'examples' | 'scripts',
  { distributed_save: distributed, save_every_n_ranks: interval }: ConverterOptions['input'],
): string[] {
  if (!distributed) return flag('--no-distributed-save', generation === 'scripts');
  return ['--distributed-save', '--save-every-n-ranks', String(interval)];
}

function timeLimit({ distributed_timeout_minutes: minutes }: ConverterOptions['input']): string[] {
  return minutes == null ? [] : ['--distributed-timeout-minutes', String(minutes)];
}

function flag(name: string, isSet: boolean): string[] {
  return isSet ? [name] : [];
}
