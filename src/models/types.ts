// The shape of a family table: Megatron keys on the left, Hugging Face keys on the right, and how.
import type { TensorEntry } from '../checkpoint/types.ts';

/** What the tables need from the reference `config.json`. */
export interface ModelDimensions {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly queryGroups: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly vocab: number;
  readonly tied: boolean;
  /** Null for dense models. */
  readonly experts: number | null;
}

/** How source and target correspond; the arithmetic is in `plan/`. */
export type Transform =
  /** one source, one target, unchanged */
  | 'direct'
  /** first `vocab` rows; the rest is padding */
  | 'vocabulary'
  /** [(H+2G)d, ...] grouped by query group -> q, k, v */
  | 'qkv'
  /** [2f, ...] -> gate, up */
  | 'gated';

/**
 * One row of a family table. `*` is the layer index: an integer in the key, or the prepended axis of a homogeneous stack.
 * `from` lists alias spellings of the same tensor; the first that exists is taken.
 */
export interface Rule {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly transform: Transform;
}

/** One model family. Read it beside the reference tables in docs/families.md. */
export interface Family {
  readonly name: string;
  readonly architectures: readonly string[];
  readonly rules: readonly Rule[];
  /** Hugging Face keys (patterns with `*`) that stay float32 in any cast. */
  readonly keepFloat32: readonly string[];
  /** @throws ConversionError ReferenceMismatch listing all missing or ill-typed fields. */
  readonly dimensions: (config: Readonly<Record<string, unknown>>) => ModelDimensions;
  /** Every Hugging Face key the config calls for, with its shape: the expected key set. */
  readonly expected: (
    dimensions: ModelDimensions,
    config: Readonly<Record<string, unknown>>,
  ) => ReadonlyMap<string, readonly number[]>;
}

/** A source tensor with no rule in the family table, and the general rule that excuses it. */
export interface Drop {
  readonly entry: TensorEntry;
  readonly rule:
    | 'optimizer'
    | 'rng'
    | 'extra state'
    | 'rerun state'
    | 'common state'
    | 'scheduler'
    | 'quantizer state'
    | 'tied output layer'
    | 'mtp';
}
