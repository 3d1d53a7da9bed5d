// What a torch_dist checkpoint is, once `.metadata` has been read: plain data, no file handles.

/** Element types that Megatron checkpoints hold, by their safetensors names. */
export type DType =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'F8_E4M3'
  | 'F8_E5M2'
  | 'I64'
  | 'I32'
  | 'I16'
  | 'I8'
  | 'U64'
  | 'U32'
  | 'U16'
  | 'U8'
  | 'BOOL';

/** Bytes of one element. */
export const DTYPE_BYTES: Readonly<Record<DType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/** Where one stored item lies: `[offset, offset + length)` of a `.distcp` file, in bytes. The item is a torch zip archive. */
export interface ItemLocation {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** One rectangular piece of a global tensor. `offsets` and `sizes` are in elements, one per dimension. */
export interface Chunk extends ItemLocation {
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
}

/** A global tensor: `TensorStorageMetadata` joined with its `storage_data`. */
export interface TensorEntry {
  readonly key: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly chunks: readonly Chunk[];
}

/** A non-tensor entry (`BytesStorageMetadata`), such as `common_state/shard_0_1`. */
export interface ObjectEntry extends ItemLocation {
  readonly key: string;
}

/** The parsed `.metadata` of one iteration directory. */
export interface Checkpoint {
  readonly path: string;
  /** From the directory name `iter_NNNNNNN`, else null. */
  readonly iteration: number | null;
  /** sha256 of `.metadata`, hex. */
  readonly metadataDigest: string;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly objects: ReadonlyMap<string, ObjectEntry>;
  /** Bytes that each file must have at least: max(offset + length) over its items. */
  readonly files: ReadonlyMap<string, number>;
}

/** The tensor inside one item: what `data.pkl`, the zip directory and the position of `data/0` say. */
export interface ItemHeader {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** In elements. */
  readonly strides: readonly number[];
  /** First element of the tensor in its storage. */
  readonly storageOffset: number;
  /** Absolute position of the storage's first byte in the file. */
  readonly payloadOffset: number;
  readonly payloadBytes: number;
  /** CRC-32 of the storage, or null where the writer stored none. */
  readonly crc32: number | null;
}

/** The model configuration that the training run recorded, by Megatron's own names; absent where it recorded none. */
export interface TrainingConfig {
  readonly source: 'run_config.yaml' | 'common state args';
  readonly values: Readonly<Record<string, unknown>>;
}
