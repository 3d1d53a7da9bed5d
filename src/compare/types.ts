// What is compared, and what comes out of it: plain data with stable names, since `diff --json` prints it.
import type { DType } from '../checkpoint/types.ts';

export interface TensorShape {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** One of the two: a set of Hugging Face tensors whose elements can be read piece by piece. */
export interface Side {
  readonly path: string;
  readonly kind: 'export' | 'checkpoint';
  /** The table that names the tensors of a checkpoint; null for an export. */
  readonly family: string | null;
  /** In the order in which reading is fastest. */
  readonly tensors: ReadonlyMap<string, TensorShape>;
  /** What a person should know although the side can be compared. */
  readonly notes: readonly string[];
  /** Names of what the side holds and cannot show: tensors outside its index, stored tensors without a rule. Never equal to anything. */
  readonly leftOut: readonly string[];
  /**
   * Fills the front of `block` with `count` elements from `begin` on (row-major). `block` begins at offset 0 of its memory.
   * @throws ConversionError SourceChanged, CorruptData, CheckpointDamaged, RankFailed for what the files turn out to hold.
   */
  readonly read: (name: string, begin: number, count: number, block: Buffer) => void;
  /** Said once a tensor has been read: stored checksums are compared where no later tensor needs the bytes. @throws as `read`. */
  readonly finish: (name: string) => void;
  readonly close: () => void;
}

export const STATUSES = {
  equal: 'equal bytes',
  same_values: 'equal numbers in other bytes (dtype, sign of a zero, bits of a NaN)',
  within_tolerance: 'numbers differ by no more than the tolerance',
  different: 'values differ',
  shape_differs: 'not compared: other shape',
  not_comparable: 'not compared: other dtype, and not both are plain floating-point numbers',
  only_in_a: 'only in A',
  only_in_b: 'only in B',
  left_out: 'not compared: outside the index, or stored without a rule',
} as const;

export type Status = keyof typeof STATUSES;

/** JSON has no NaN and no infinities: they are spelt out. */
export type SpeltNumber = number | 'NaN' | 'Infinity' | '-Infinity';

/** How far two tensors of one shape are apart. */
export interface Distance {
  /** Elements whose numbers differ by more than the tolerance; for integers, booleans and FP8, elements whose bytes differ. */
  readonly different_elements: number;
  /** Of these, elements where exactly one side is NaN, or where an infinity meets another number. */
  readonly non_finite_differences: number;
  /** Largest |a - b| over the elements that are finite on both sides, in float64; null where bytes were compared. */
  readonly max_abs_difference: number | null;
  /** Index of that element; of the first different one where no finite ones differ; null where none differs. */
  readonly at: readonly number[] | null;
  /** The two numbers at `at`; null where bytes were compared. */
  readonly values: readonly [a: SpeltNumber, b: SpeltNumber] | null;
}

export interface TensorComparison {
  readonly name: string;
  readonly status: Status;
  readonly a: TensorShape | null;
  readonly b: TensorShape | null;
  /** Null where the tensor was not compared. */
  readonly distance: Distance | null;
}

export interface SideSummary {
  readonly path: string;
  readonly kind: Side['kind'];
  readonly family: string | null;
  readonly tensors: number;
  readonly parameters: number;
  readonly bytes: number;
  readonly notes: readonly string[];
}

export interface Comparison {
  readonly equal: boolean;
  /** Null: bytes must be equal. */
  readonly tolerance: number | null;
  readonly a: SideSummary;
  readonly b: SideSummary;
  readonly counts: Readonly<Record<Status, number>>;
  /** The largest of all differences. */
  readonly worst: { readonly name: string; readonly max_abs_difference: number } | null;
  readonly tensors: readonly TensorComparison[];
}
