// What happens during a run, as the reporters show it and as `--json` prints it, one object a line.
import type { ConversionResult, Phase, Progress } from '../contract/index.ts';
import type { Failure } from './describe-failure.ts';

export type RunEvent =
  | {
      readonly event: 'started';
      readonly workflow_id: string;
      readonly run_id: string;
      /** `false` when the same request was already running. */
      readonly fresh: boolean;
      readonly ui: string | null;
    }
  | {
      /** A run that was over is tried again. */
      readonly event: 'retrying';
      readonly workflow_id: string;
      /** The run that ended, and the failure type it ended in; null when that is not known. */
      readonly earlier_run_id: string;
      readonly earlier_failure: string | null;
      readonly from: 'start' | 'smoke';
      /** What is reused, a sentence each. */
      readonly notes: readonly string[];
    }
  /** The run was reset while it was followed, and goes on under this run id. */
  | { readonly event: 'reset'; readonly workflow_id: string; readonly run_id: string }
  | {
      readonly event: 'phase';
      readonly phase: Phase;
      readonly state: 'running' | 'done' | 'failed' | 'skipped';
      /** Figures of the phase, or why it was skipped or failed. */
      readonly summary: string | null;
      readonly seconds: number | null;
    }
  | {
      readonly event: 'waiting';
      readonly phase: Phase;
      /** The attempt that failed last, or that is not yet picked up. */
      readonly attempt: number;
      readonly reason: string;
      /** ISO time of the next attempt, when one is scheduled. */
      readonly next: string | null;
    }
  | ({ readonly event: 'progress' } & Progress)
  | { readonly event: 'detached'; readonly workflow_id: string; readonly attach: string }
  /** The user stopped a command that does its work in this process. */
  | { readonly event: 'interrupted'; readonly message: string; readonly exit_code: number }
  | ({ readonly event: 'result' } & ConversionResult)
  | ({ readonly event: 'failed' } & Failure);

/** Shows events. `close` leaves the terminal clean, whatever happened. */
export interface Reporter {
  readonly report: (event: RunEvent) => void;
  readonly close: () => void;
}
