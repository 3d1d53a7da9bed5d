// What a rank leaves behind for each finished file, and what it prints.

/** `done/<file>.json`, written last, after the file was fsynced and renamed. */
export interface DoneRecord {
  readonly name: string;
  readonly byteDigest: string;
  readonly bytes: number;
  /** sha256 of the whole file, taken while writing. */
  readonly sha256: string;
  /** CRC-32 of each tensor's bytes in the output, by name. */
  readonly tensors: Readonly<Record<string, number>>;
  /** Source bytes read, those read for their checksum only included. */
  readonly bytesRead: number;
  /** Source items without a stored checksum: their bytes could not be checked. */
  readonly unchecked: number;
  readonly rank: number;
  readonly attempt: number;
  readonly seconds: number;
}

/** One JSON line on a rank's stdout. */
export type RankEvent =
  | { readonly event: 'start'; readonly rank: number; readonly pid: number; readonly files: number }
  | { readonly event: 'progress'; readonly rank: number; readonly file: string; readonly bytes: number }
  | {
      readonly event: 'file';
      readonly rank: number;
      readonly file: string;
      readonly bytes: number;
      readonly bytesRead: number;
      readonly seconds: number;
    }
  | { readonly event: 'end'; readonly rank: number; readonly peakMemory: number }
  | {
      readonly event: 'error';
      readonly rank: number;
      /** A `FailureType`. */
      readonly type: string;
      readonly message: string;
      readonly problems: readonly string[];
      readonly facts: Readonly<Record<string, unknown>>;
    };
