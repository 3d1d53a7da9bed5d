// The common end of `run` and `status --follow`: follow, show the result or the failure, detach on Ctrl-C.
import type { ConversionHandle } from '../client.ts';
import { describeFailure } from './describe-failure.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { followRun } from './follow-run.ts';
import { listenForInterrupt } from './interrupt.ts';
import type { Reporter } from './run-event.ts';

/** @returns the exit code of the command. */
export async function attach(handle: ConversionHandle, reporter: Reporter, json: boolean): Promise<number> {
  const interrupt = listenForInterrupt();
  const command = `megatron-to-hf status ${handle.workflowId} --follow`;
  try {
    const result = await followRun(handle, reporter, interrupt.signal);
    reporter.report({ event: 'result', ...result });
    if (!json) process.stdout.write(`${result.hf_path}\n`);
    return EXIT_CODES.done.code;
  } catch (error) {
    if (interrupt.signal.aborted) {
      reporter.report({ event: 'detached', workflow_id: handle.workflowId, attach: command });
      return EXIT_CODES.interrupted.code;
    }
    const failure = await describeFailure(error, handle.workflowId);
    const lost =
      failure.type === 'Error' || failure.type === 'ServerUnreachable'
        ? { ...failure, advice: `The run may go on. Attach again with: ${command}` }
        : failure;
    reporter.report({ event: 'failed', ...lost });
    return failure.exit_code;
  } finally {
    interrupt.stop();
    reporter.close();
  }
}
