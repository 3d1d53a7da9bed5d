// Whether the smoke generation can hold the model: refused before hours of conversion, not after.
import { DTYPE_BYTES, type DType } from '../checkpoint/types.ts';
import type { ConversionInput } from '../contract/input.ts';
import { formatBytes, toBytes } from '../contract/units.ts';

const COMPUTE_DTYPE = { float32: 'F32', bfloat16: 'BF16', float16: 'F16' } as const;

export interface SmokeMachine {
  /** Memory that the operator allows the smoke process, in bytes; null = what the machine has. */
  readonly smokeMemory: number | null;
  /** Main memory of this machine, in bytes. */
  readonly totalMemory: number;
  /** Whether this machine has an accelerator that torch can use: then `auto` does not mean the CPU. */
  readonly accelerator: boolean;
}

export interface MemoryVerdict {
  readonly problem: string | null;
  readonly notes: readonly string[];
}

/** Weights only: activations of a few dozen tokens are small beside them. */
export function judgeSmokeMemory(
  smoke: ConversionInput['smoke'],
  model: { readonly parameters: number; readonly dtype: DType },
  machine: SmokeMachine,
): MemoryVerdict {
  if (!smoke.enabled || smoke.offload_folder != null) return { problem: null, notes: [] };
  const onCpu = smoke.device === 'cpu' || (smoke.device === 'auto' && !machine.accelerator);
  const dtype = smoke.dtype === 'auto' ? (onCpu ? 'F32' : model.dtype) : COMPUTE_DTYPE[smoke.dtype];
  const needed = model.parameters * DTYPE_BYTES[dtype];
  const limits = [smoke.max_memory == null ? null : toBytes(smoke.max_memory), machine.smokeMemory];
  const stated = limits.filter((limit) => limit !== null);
  if (!onCpu && stated.length === 0) {
    const note = `the smoke generation will hold ${formatBytes(needed)} on ${smoke.device}; its memory was not compared`;
    return { problem: null, notes: [`${note}. Set smoke.max_memory to have it checked.`] };
  }
  const available = Math.min(...stated, onCpu ? machine.totalMemory : Infinity);
  if (needed <= available) return { problem: null, notes: [] };
  const smaller = dtype === 'F32' ? 'smoke.dtype=bfloat16, ' : '';
  return {
    problem:
      `the smoke generation needs ${formatBytes(needed)} for ${model.parameters} parameters in ${dtype}, but ` +
      `${formatBytes(available)} are available to it. Set ${smaller}smoke.offload_folder to a directory, smoke.max_memory ` +
      'to what there is, a worker with more memory by task_queues.smoke, or smoke.enabled=false (the export is then NOT VALIDATED).',
    notes: [],
  };
}
