// What a rank leaves behind for each finished file, and what it prints.

/** `<file>.done.json`, written last, after the file was fsynced and renamed. */
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
  readonly rank: number;
  readonly attempt: number;
  readonly seconds: number;
}

/** One JSON line on a rank's stdout. */
export type RankEvent =
  | { readonly event: 'start'; readonly rank: number; readonly files: number }
  | { readonly event: 'progress'; readonly rank: number; readonly file: string; readonly bytes: number }
  | {
      readonly event: 'file';
      readonly rank: number;
      readonly file: string;
      readonly bytes: number;
      readonly bytesRead: number;
      readonly seconds: number;
    }
  | { readonly event: 'end'; readonly rank: number }
  | { readonly event: 'error'; readonly rank: number; readonly type: string; readonly message: string };
