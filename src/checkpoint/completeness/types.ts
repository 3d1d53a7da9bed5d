// What one look at a directory sees, and what follows from it. Plain data between the looking and the judging.
import type { FailureType } from '../../contract/failures.ts';
import type { MetadataJson } from '../metadata-json.ts';
import type { Checkpoint } from '../types.ts';

/** One entry of the directory. */
export interface FileSeen {
  readonly name: string;
  readonly directory: boolean;
  /** Bytes; 0 for a directory. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Birth time of the inode, milliseconds since 1970; 0 where the file system keeps none. */
  readonly birthtimeMs: number;
}

/** The names beside and inside the path, and when what changed last. */
export interface Survey {
  readonly path: string;
  /** When the look began, milliseconds since 1970. */
  readonly at: number;
  readonly place: 'directory' | 'missing' | 'parent missing' | 'not a directory';
  readonly entries: readonly FileSeen[];
  /** sha256 over names, sizes and times of the entries. */
  readonly digest: string;
  /** Newest modification time of the directory and its entries; 0 where there are none. */
  readonly newest: number;
  /** Iterations beside the path, and what the tracker there names. */
  readonly siblings: readonly string[];
  readonly tracker: string | null;
}

/** A shard that is missing (`found` null) or shorter than its items need, in bytes. */
export interface ShortFile {
  readonly file: string;
  readonly expected: number;
  readonly found: number | null;
}

export interface Look extends Survey {
  readonly metadataJson: MetadataJson;
  /** Null where `.metadata` is missing or could not be read. */
  readonly checkpoint: Checkpoint | null;
  /** Why the directory can never be read, whatever is still written to it: another format, another kind of directory. */
  readonly unsupported: string | null;
  /** What `.metadata` holds that is refused; a file that is written over at this moment can show it too. */
  readonly refused: string | null;
  /** Contradictions: final once nothing changes any more, since a copy in progress shows them too. */
  readonly damage: readonly string[];
  readonly shortFiles: readonly ShortFile[];
  /** Files beside the data that look cut off, though they can be read. */
  readonly cutOff: readonly string[];
  /** `checkpoint.ckpt_format` of `run_config.yaml`, when there is one. */
  readonly recordedFormat: string | null;
  /** Whether every item was checked, now or by an earlier look at the same digest. */
  readonly itemsChecked: boolean;
}

/** What an attempt leaves for the next one. Small and JSON-safe. */
export interface Carry {
  readonly digest: string;
  /** First look that saw this digest. */
  readonly since: number;
  readonly firstSeen: number;
  /** Whether any look saw another digest than the one before it: then file times that claim an old age are not believed. */
  readonly changed: boolean;
  /** Digest whose items were checked and found sound. */
  readonly checked: string | null;
}

/** Times in seconds. */
export interface JudgeOptions {
  readonly appear: number;
  readonly settle: number;
  readonly stall: number;
  readonly allowAmbiguousGenerations: boolean;
}

export type Verdict =
  | { readonly verdict: 'complete'; readonly warnings: readonly string[] }
  | {
      readonly verdict: 'incomplete';
      readonly message: string;
      /** At most 20; files of unknown size have no `expected`. */
      readonly missing: readonly (
        | ShortFile
        | { readonly file: string; readonly expected: null; readonly found: null }
      )[];
      readonly unchangedSeconds: number;
      readonly stalled: boolean;
      /** Whether a second look that sees the same would decide. */
      readonly unconfirmed: boolean;
    }
  | {
      readonly verdict: 'final';
      readonly type: FailureType;
      readonly message: string;
      readonly problems: readonly string[];
    };
