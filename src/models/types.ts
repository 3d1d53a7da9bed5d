// The shape of a family table: Megatron keys on the left, Hugging Face keys on the right, and how.

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

/** The parsed `config.json` of the reference. */
export type ModelConfig = Readonly<Record<string, unknown>>;

/** How source and target correspond; the arithmetic is in `plan/row-maps.ts`. */
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
 * `from` lists alias spellings of the same tensor; the first that exists is taken. A row whose source is absent makes nothing:
 * whether that is a loss is decided by the expected key set.
 */
export interface Rule {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly transform: Transform;
}

/** A setting of the training run that a family needs: each of `names` that was recorded must be one of `accepts`. */
export interface Demand {
  /** Spellings of Megatron-Core and of Megatron-LM's arguments. */
  readonly names: readonly string[];
  /** Dotted names of functions are compared by their last part. */
  readonly accepts: readonly (string | number | boolean)[];
}

/** One model family. Read it beside docs/families.md. */
export interface Family {
  readonly name: string;
  readonly architectures: readonly string[];
  readonly rules: readonly Rule[];
  readonly demands: readonly Demand[];
  /** Hugging Face keys (patterns with `*`) that keep the dtype of the source in any cast. */
  readonly keepFloat32: readonly string[];
  /** @throws ConversionError ReferenceMismatch listing all missing or ill-typed fields. */
  readonly dimensions: (config: ModelConfig) => ModelDimensions;
  /**
   * Every Hugging Face key the config calls for, with its shape, in the order of the model's `state_dict` in transformers:
   * the order decides how tensors are dealt to files.
   */
  readonly expected: (dimensions: ModelDimensions, config: ModelConfig) => ReadonlyMap<string, readonly number[]>;
}

/** A general rule that excuses a source entry for which no family table has a row. */
export interface DropRule {
  readonly name: DropName;
  /** Tested against the checkpoint key, prefix included. */
  readonly pattern: RegExp;
  /** Why nothing is lost, one sentence for the books and the documentation. */
  readonly why: string;
}

type DropName =
  | 'optimizer'
  | 'rng'
  | 'extra state'
  | 'rerun state'
  | 'common state'
  | 'scheduler'
  | 'quantizer state'
  | 'mtp';
