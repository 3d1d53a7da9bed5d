// Runs one phase after the other and keeps the board and the UI's details in step.
import { CancellationScope, isCancellation, setCurrentDetails } from '@temporalio/workflow';

import type { ConversionInput, PhaseRunner } from '../contract/index.ts';
import { createPhaseBoard, type PhaseBoard, renderBoard } from './phase-board.ts';
import { translateFailure } from './translate-failure.ts';

/** @throws ApplicationFailure of the phase that failed, or the cancellation. */
export interface WorkflowPhaseRunner extends PhaseRunner {
  readonly board: PhaseBoard;
  /** Goes with the end of the current phase, should it fail. */
  readonly remark: (sentence: string) => void;
  /** Marks the run as done and leaves these Markdown paragraphs below the table. */
  readonly finish: (notes: readonly string[]) => void;
}

export function createPhaseRunner(input: ConversionInput): WorkflowPhaseRunner {
  const board = createPhaseBoard(input);
  const notes: string[] = [];
  const remarks: string[] = [];
  const show = (): void => setCurrentDetails(renderBoard(board.status(), notes));
  return {
    board,
    async run(phase, doing, work, figures) {
      board.begin(phase, Date.now(), doing);
      show();
      try {
        const result = await work();
        board.end(phase, 'done', Date.now(), figures(result));
        show();
        return result;
      } catch (error) {
        const translated = translateFailure(phase, error, input);
        const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
        const end = cancelled ? 'cancelled' : firstLine(translated);
        board.end(phase, 'failed', Date.now(), [end, ...remarks].join('; '));
        show();
        throw translated;
      }
    },
    skip(phase, why) {
      board.end(phase, 'skipped', Date.now(), why);
      show();
    },
    remark(sentence) {
      remarks.push(sentence);
    },
    finish(lines) {
      notes.push(...lines);
      board.finish();
      show();
    },
  };
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
