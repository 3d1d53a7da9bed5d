// What a rank and its worker threads tell each other.
import type { FilePlan } from '../plan/types.ts';
import type { FileJob } from './write-file.ts';

export interface ThreadData extends FileJob {
  readonly checkpoint: string;
}

/** The next file to write, or null when there is none left. */
export type ToThread = FilePlan | null;

/** `written` and `error` end a file. */
export type FromThread =
  | { readonly kind: 'progress'; readonly file: string; readonly bytes: number }
  | {
      readonly kind: 'written';
      readonly file: string;
      readonly bytes: number;
      readonly bytesRead: number;
      readonly seconds: number;
    }
  | {
      readonly kind: 'error';
      /** A `FailureType`. */
      readonly type: string;
      readonly message: string;
      readonly problems: readonly string[];
      readonly facts: Readonly<Record<string, unknown>>;
    };

export type ThreadFailure = Extract<FromThread, { kind: 'error' }>;
export type ThreadNews = Exclude<FromThread, ThreadFailure>;
