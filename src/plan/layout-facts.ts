// What the layout rules look at: the requested layout, where each value came from, and the model.
import type { ConversionInput } from '../contract/input.ts';
import type { ModelDimensions } from '../models/types.ts';
import type { TrainingValues } from './training-values.ts';

/** A parameter of the request. */
export interface Setting {
  /** Null where it was left out, and where it says `auto`. */
  readonly value: number | null;
  /** Whether a person set it to a number, and not a configuration default. */
  readonly given: boolean;
  /** Whether it says `auto`: choose-layout.ts gives it a value. */
  readonly auto?: boolean;
}

export type LayoutName = 'tp' | 'pp' | 'ep' | 'etp';

export interface LayoutFacts {
  readonly engine: 'stream' | 'bridge';
  readonly strict: boolean;
  /** False only for `distributed: false`. */
  readonly distributed: boolean;
  readonly layout: Readonly<Record<LayoutName, Setting>>;
  readonly nproc: Setting;
  readonly nnodes: Setting;
  /** Whether the ranks run as a job of a profile, and not on the worker's machine. */
  readonly isElsewhere?: boolean;
  /** Null where the reference cannot be read. */
  readonly dimensions: ModelDimensions | null;
  /** Rows of the embedding in the checkpoint. */
  readonly paddedVocab: number | null;
  readonly training: TrainingValues | null;
  /** Output files, null where there is no plan. */
  readonly files: number | null;
}

/** The part of the facts that comes from the request. */
export function readLayout(
  input: Pick<ConversionInput, LayoutName | 'torchrun' | 'strict' | 'distributed' | 'defaulted'>,
): Pick<LayoutFacts, 'strict' | 'distributed' | 'layout' | 'nproc' | 'nnodes'> {
  const setting = (value: number | 'auto' | null | undefined, name: string): Setting =>
    value === 'auto'
      ? { value: null, given: false, auto: true }
      : { value: value ?? null, given: value != null && !input.defaulted.includes(name) };
  return {
    strict: input.strict,
    distributed: input.distributed !== false,
    layout: {
      tp: setting(input.tp, 'tp'),
      pp: setting(input.pp, 'pp'),
      ep: setting(input.ep, 'ep'),
      etp: setting(input.etp, 'etp'),
    },
    nproc: setting(input.torchrun.nproc_per_node, 'torchrun.nproc_per_node'),
    nnodes: setting(input.torchrun.nnodes, 'torchrun.nnodes'),
  };
}

/** Ranks that the request asks for, as the Nemotron step counts them: nodes times ranks a node, 1 where nothing is said. */
export function worldSize({ nproc, nnodes }: Pick<LayoutFacts, 'nproc' | 'nnodes'>): number {
  return (nproc.value ?? 1) * (nnodes.value ?? 1);
}

/** A broken rule. */
export interface Finding {
  /** Whether a value that a person gave breaks it. */
  readonly given: boolean;
  /** What is wrong, with the values, and what to set instead. */
  readonly message: string;
}
