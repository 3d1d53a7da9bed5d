// What engine `bridge` plans: names and, where they are known, shapes and dtypes of what a converter must write. No copies: it decides those.
import type { DType } from '../../checkpoint/types.ts';
import type { Books } from '../../plan/types.ts';

/** Null: not known before the converter has written it. */
export interface ExpectedTensor {
  readonly shape: readonly number[] | null;
  readonly dtype: DType | null;
}

export interface Expectation {
  /** Of our tables; else the architecture in parentheses. */
  readonly family: string;
  /** In the order of the model where a table knows it, else of the reference's weights. */
  readonly tensors: ReadonlyMap<string, ExpectedTensor>;
  /** Which file the converter is told to put a tensor into. */
  readonly weightMap: Readonly<Record<string, string>>;
  readonly books: Books;
  /** Estimates from the checkpoint where shapes are not known. */
  readonly parameters: number;
  /** Of all tensors. */
  readonly bytes: number;
  /** Rows of the vocabulary in the checkpoint and in the reference's config; null where either is not known. */
  readonly vocabulary: { readonly padded: number; readonly wanted: number } | null;
  /** Whether a table accounts for every tensor of the checkpoint. */
  readonly isComplete: boolean;
}
