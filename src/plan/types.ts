// A conversion plan: data only, so that it can be digested, written as JSON and executed by ranks that know nothing of models.
import type { DType, ItemLocation } from '../checkpoint/types.ts';

/**
 * One strided copy from a source item into a target tensor. All numbers are in elements. `shape` is the common box;
 * element (i0, i1, ...) goes from `sourceOffset + sum(ik * sourceStrides[k])` of the item's tensor (row-major, contiguous) to
 * `targetOffset + sum(ik * targetStrides[k])` of the target tensor (row-major). Dimensions are coalesced and
 * come by descending target stride, which is positive; the last one is the closest in the target: contiguous (stride 1), or every n-th
 * element where other copies fill the places between. Either side may be contiguous along any dimension, or along none.
 */
export interface Copy {
  /** Index into `FilePlan.items`. */
  readonly item: number;
  readonly shape: readonly number[];
  readonly sourceOffset: number;
  readonly sourceStrides: readonly number[];
  readonly targetOffset: number;
  readonly targetStrides: readonly number[];
}

/** Names and shapes of tensors. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** A source item as the plan expects it; the rank compares the item's own header with this before it copies. */
export interface PlannedItem extends ItemLocation {
  readonly dtype: DType;
  /** Sizes of the chunk. */
  readonly shape: readonly number[];
}

/** One output tensor. Order of operations: gather (the copies), arithmetic, cast. */
export interface PlannedTensor {
  readonly name: string;
  /** dtype in the output file. */
  readonly dtype: DType;
  /** dtype of the source items. */
  readonly sourceDtype: DType;
  readonly shape: readonly number[];
  /** Byte range in the data section of the output file. */
  readonly begin: number;
  readonly end: number;
  readonly arithmetic: 'none' | 'add-one';
  readonly copies: readonly Copy[];
}

/** One output file: the content of `plan/<name>.json`. */
export interface FilePlan {
  readonly name: string;
  /** Total bytes of the safetensors file, header included. */
  readonly bytes: number;
  /** The complete safetensors header text, padded; the file begins with its length as u64 little-endian. */
  readonly header: string;
  readonly items: readonly PlannedItem[];
  readonly tensors: readonly PlannedTensor[];
}

/** A named line of the books: how many source tensors and bytes a rule accounts for. */
export interface BookLine {
  readonly rule: string;
  readonly tensors: number;
  readonly bytes: number;
  /** At most 20 names, for people. */
  readonly examples: readonly string[];
}

/** The books: every source tensor and every expected target tensor is accounted for by name. */
export interface Books {
  readonly mapped: BookLine;
  readonly dropped: readonly BookLine[];
  /** Rows cut from embedding and output layer: padded minus vocab. */
  readonly vocabularyPadding: { readonly rows: number; readonly bytes: number };
  readonly produced: number;
  /** Expected Hugging Face keys that are not produced, with the rule that excuses each; empty in a clean export. */
  readonly excused: readonly BookLine[];
  /** With strict=false only: source tensors nobody knows, and expected tensors nobody produces. */
  readonly unmapped: readonly string[];
  readonly missing: readonly string[];
}

/** The whole plan in memory. On disk: `plan.json` is this without `files[].items/tensors`, plus one file per output file. */
export interface Plan {
  readonly format: 1;
  /** sha256 over everything that decides the output bytes (design 11.8). */
  readonly byteDigest: string;
  readonly checkpoint: string;
  readonly family: string;
  readonly files: readonly FilePlan[];
  /** Content of `model.safetensors.index.json`, or null for a single file. */
  readonly index: {
    readonly metadata: Readonly<Record<string, number>>;
    readonly weight_map: Readonly<Record<string, string>>;
  } | null;
  readonly books: Books;
  readonly tensors: number;
  readonly parameters: number;
  /** Tensor bytes, without headers. */
  readonly bytes: number;
}

/** `plan.json`: the plan without what only the rank that writes a file needs. */
export interface PlanSummary extends Omit<Plan, 'files'> {
  readonly files: readonly Pick<FilePlan, 'name' | 'bytes' | 'header'>[];
}
