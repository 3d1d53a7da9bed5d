// Any error as a failure with a type, an advice and an exit code: the domain's own, and those of a run on the server.
import { ConversionError, FAILURES, isFailureType } from '../contract/index.ts';
import { EXIT_CODES, exitCodeOf } from './exit-codes.ts';
import { isServerUnreachable } from './server-error.ts';

export interface Failure {
  /** A key of `FAILURES`, or `Cancelled`, `Terminated`, `TimedOut`, `ServerUnreachable`, `Error`. */
  readonly type: string;
  readonly message: string;
  readonly problems: readonly string[];
  readonly advice: string | null;
  readonly exit_code: number;
}

/** How a run can end on the server beside the failures of the table. */
const ENDINGS: Readonly<Record<string, number>> = {
  Cancelled: EXIT_CODES.stopped.code,
  Terminated: EXIT_CODES.stopped.code,
  TimedOut: EXIT_CODES.incomplete.code,
};
const AGAIN = 'Start the same request again to go on (megatron-to-hf retry ID); finished files are reused.';
/** As the advice of the failure table has it. */
const RETRY = /( ?)\((megatron-to-hf retry) ID([^)]*)\)/g;

/** @param workflowId of the run that failed, so that the advice names it; null where there is none to retry */
export async function describeFailure(error: unknown, workflowId: string | null = null): Promise<Failure> {
  const failure = await findFailure(error);
  const name = (text: string): string =>
    text.replaceAll(RETRY, (_, space: string, command: string, more: string) =>
      workflowId === null ? '' : `${space}(${command} ${workflowId}${more})`,
    );
  const { advice, message } = failure;
  return { ...failure, message: name(message), advice: advice === null ? null : name(advice) };
}

async function findFailure(error: unknown): Promise<Failure> {
  if (error instanceof ConversionError) return failureOf(error.type, error.message, error.problems);
  const message = error instanceof Error ? error.message : String(error);
  // Only the commands that follow a run can meet such an error, and they have the client loaded.
  if (error instanceof Error && error.name === 'WorkflowFailedError') {
    const { explainFailure } = await import('../client.ts');
    const report = explainFailure(error);
    return failureOf(report.type, report.message, report.problems);
  }
  if (isServerUnreachable(error)) return unreachable(message);
  return failureOf('Error', message, []);
}

function unreachable(message: string): Failure {
  const advice = 'Try again once the server answers; what was started goes on without this command.';
  return { type: 'ServerUnreachable', message, problems: [], advice, exit_code: EXIT_CODES.unreachable.code };
}

function failureOf(type: string, message: string, problems: readonly string[]): Failure {
  if (isFailureType(type))
    return { type, message, problems, advice: FAILURES[type].advice, exit_code: exitCodeOf(type) };
  const ending = ENDINGS[type];
  if (ending === undefined)
    return { type: 'Error', message, problems, advice: null, exit_code: EXIT_CODES.failed.code };
  return { type, message, problems, advice: AGAIN, exit_code: ending };
}
