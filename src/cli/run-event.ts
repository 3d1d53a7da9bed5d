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
  | ({ readonly event: 'result' } & ConversionResult)
  | ({ readonly event: 'failed' } & Failure);

/** Shows events. `close` leaves the terminal clean, whatever happened. */
export interface Reporter {
  readonly report: (event: RunEvent) => void;
  readonly close: () => void;
}
