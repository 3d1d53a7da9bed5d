// The shape of a family table: Megatron keys on the left, Hugging Face keys on the right, and how.
import type { RecordReader } from './read-record.ts';

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
  /** Whether layers differ in `queryGroups` and `ffn`, which are then those of the first layer that has any; absent means no. */
  readonly layersDiffer?: boolean;
  /** Whether the query projection holds a gate behind each head; absent means no. */
  readonly outputGate?: boolean;
  /** Further sizes that tensor-parallel ranks share evenly, by their field in `config.json`; absent means none. */
  readonly tensorSplits?: Readonly<Record<string, number>>;
  /** Key heads of the gated delta net, null where the model has none. */
  readonly deltaKeyHeads?: number | null;
  /** Layers of one multi-token prediction block (the length of its pattern), null where it is one plain layer. */
  readonly mtpPatternLength?: number | null;
  /** Layers for multi-token prediction that stand behind the last layer, in its numbering; null where there are none. */
  readonly mtpLayers?: number | null;
}

/** The parsed `config.json` of the reference. */
export type ModelConfig = Readonly<Record<string, unknown>>;

/** How source and target correspond; the arithmetic is in `plan/transforms.ts`. */
export type Transform =
  /** the rows in their order; several targets take consecutive parts */
  | 'direct'
  /** first `vocab` rows; the rest is padding */
  | 'vocabulary'
  /** [(H+2G)d, ...] grouped by query group -> q, k, v */
  | 'qkv'
  /** [(2H+2G)d, ...] grouped by query group: its queries, its gates, key, value -> q with the gate behind each head, k, v */
  | 'qkv with gate'
  /** [2f, ...] -> gate, up */
  | 'gated'
  /** [2f, ...] -> one target of 2f rows: gate rows at even, up rows at odd places */
  | 'gated, interleaved'
  /** [2f, h] -> [h, 2f]: gate columns at even, up columns at odd places */
  | 'gated, interleaved, transposed'
  /** [rows, columns] -> [columns, rows] */
  | 'transposed'
  /** rows of query, key, value, z -> grouped by key head: its query, its key, its values, its z */
  | 'delta net qkvz'
  /** rows of beta, alpha -> grouped by key head: its betas, its alphas */
  | 'delta net ba';

/**
 * The Megatron keys of one source: one key, or several whose tensors are joined along their rows, in this order, before the transform.
 */
export type Spelling = string | readonly string[];

/** Which number stands for `*` in the targets, where it is not the layer in the key. */
export interface Placement {
  /** For the documentation, for example `L + i`. */
  readonly text: string;
  /** @param indices the layer numbers in the key, from left to right */
  readonly index: (indices: readonly number[], dimensions: ModelDimensions) => number;
  /** For a source without a layer of its own that is copied into several: their numbers, which `index` gets one by one. */
  readonly each?: (dimensions: ModelDimensions) => readonly number[];
}

/**
 * One row of a family table. On the left `*` is a layer index: an integer in the key, or the prepended axis of a homogeneous stack; `{e}`
 * is an expert, likewise an integer or a prepended axis. On the right `*` is the same layer unless `place` says otherwise, and `{e}` the
 * same expert; a target without `{e}` of a source with experts holds them all, on a leading axis.
 * `from` lists alias spellings of the same source; the first that exists is taken. A row whose source is absent makes nothing: whether
 * that is a loss is decided by the expected key set.
 */
export interface Rule {
  readonly from: readonly Spelling[];
  readonly to: readonly string[];
  readonly transform: Transform;
  /** After the transform, before any cast. */
  readonly arithmetic?: 'add-one';
  readonly place?: Placement;
}

/** A part of a model that a reference or a checkpoint may lack as a whole, such as the layers for multi-token prediction. */
export interface OptionalPart {
  /** For the books. */
  readonly name: string;
  /** Hugging Face keys. */
  readonly keys: RegExp;
  /** Megatron keys without the prefix in front of all. Null: Megatron never stores this part. */
  readonly sources: RegExp | null;
  /** Why leaving it out loses nothing, one sentence. */
  readonly why: string;
}

/** A setting of the training run that a family needs: each of `names` that was recorded must be one of `accepts`. */
export interface Demand {
  /** Spellings of Megatron-Core and of Megatron-LM's arguments. */
  readonly names: readonly string[];
  /** Dotted names of functions are compared by their last part. Empty: only a run that recorded null or nothing fits. */
  readonly accepts: readonly (string | number | boolean)[];
}

/** One model family. Read it beside docs/families.md. */
export interface Family {
  readonly name: string;
  readonly architectures: readonly string[];
  readonly rules: readonly Rule[];
  readonly demands: readonly Demand[];
  /**
   * What shapes do not show, or show only as factors, and config.json says: by Megatron's names, what the training run must have recorded,
   * where it recorded them.
   */
  readonly recorded?: (config: ModelConfig) => Readonly<Record<string, number | boolean>>;
  /** A function where the keys depend on the number of layers; `optionalParts` in registry.ts reads both forms. */
  readonly optional?: readonly OptionalPart[] | ((dimensions: ModelDimensions) => readonly OptionalPart[]);
  /** Hugging Face keys (patterns with `*`) that keep the dtype of the source in any cast. */
  readonly keepFloat32: readonly string[];
  /** @throws ConversionError ReferenceMismatch listing all missing or ill-typed fields. */
  readonly dimensions: (config: ModelConfig) => ModelDimensions;
  /**
   * Every Hugging Face key the config calls for, with its shape, in the order of the model's `state_dict` in transformers:
   * the order decides how tensors are dealt to files.
   */
  readonly expected: (dimensions: ModelDimensions, config: ModelConfig) => ReadonlyMap<string, readonly number[]>;
  /**
   * A `config.json` from what the training run recorded, for `hf_model_id: from-checkpoint`; everything but `architectures` and the ids of
   * special tokens. Complains where the record says too little, or something that this family cannot express. Absent: not possible.
   */
  readonly synthesize?: (record: RecordReader) => ModelConfig;
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
