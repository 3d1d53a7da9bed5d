// A parsed safetensors header, and every way in which one can be wrong.
import type { DType } from '../checkpoint/types.ts';

/** A tensor of a file. `[begin, end)` is its byte range in the data section. */
export interface TensorInfo {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The header text as it stands in the file, padding included. */
  readonly text: string;
  /** Position of the data section in the file, in bytes: 8 + header length. */
  readonly dataOffset: number;
}

/** The defects that safetensors names (`SafeTensorError`, safetensors/src/tensor.rs), and duplicate keys, which JSON readers differ on. */
export type HeaderDefect =
  | 'HeaderTooSmall'
  | 'HeaderTooLarge'
  | 'InvalidHeaderLength'
  | 'InvalidHeader'
  | 'InvalidHeaderStart'
  | 'InvalidHeaderDeserialization'
  | 'DuplicateKey'
  | 'TensorInvalidInfo'
  | 'InvalidOffset'
  | 'MetadataIncompleteBuffer'
  | 'ValidationOverflow';

/** Not a valid safetensors file. The message says what was expected and what was found. */
export class HeaderError extends Error {
  readonly defect: HeaderDefect;

  constructor(defect: HeaderDefect, message: string) {
    super(`${defect}: ${message}`);
    this.name = 'HeaderError';
    this.defect = defect;
  }
}
