// How a command ends that cannot go on: message and advice on stderr, or one JSON object on stdout.
import { styleText } from 'node:util';

/** Prints the error and gives the exit code. */
export async function reportError(error: unknown, options: { readonly json: boolean }): Promise<number> {
  const { describeFailure } = await import('./describe-failure.ts');
  const failure = await describeFailure(error);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ event: 'failed', ...failure })}\n`);
  } else {
    const title = styleText('red', failure.type === 'Error' ? 'error' : failure.type, { stream: process.stderr });
    process.stderr.write(`${title}: ${failure.message}\n`);
    if (failure.advice !== null && !failure.message.includes(failure.advice))
      process.stderr.write(`${failure.advice}\n`);
  }
  if (failure.type === 'Error' && process.env['MEGATRON_TO_HF_DEBUG'] && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`);
  }
  return failure.exit_code;
}
