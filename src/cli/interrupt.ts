// Ctrl-C and SIGTERM as an AbortSignal.
import { EXIT_CODES } from './exit-codes.ts';

/** The reason of the signal: the user asked, nothing failed. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The last words of a command that only reads, and so leaves nothing behind. @returns the exit code */
export function reportInterrupted(options: { readonly json: boolean }): number {
  const exit_code = EXIT_CODES.interrupted.code;
  if (options.json)
    process.stdout.write(`${JSON.stringify({ event: 'interrupted', message: 'interrupted', exit_code })}\n`);
  return exit_code;
}

/**
 * Aborts on the first SIGINT or SIGTERM. The second ends this process at once: then the kernel ends the ranks.
 * @param options.isPatient the second and later ones change nothing
 * @returns the signal, and a function that restores the default behaviour
 */
export function listenForInterrupt({ isPatient = false } = {}): {
  readonly signal: AbortSignal;
  readonly stop: () => void;
} {
  const controller = new AbortController();
  const listener = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted && isPatient) return;
    if (controller.signal.aborted) process.exit(EXIT_CODES.interrupted.code);
    controller.abort(new Interrupted(`interrupted by ${name}`));
  };
  process.on('SIGINT', listener).on('SIGTERM', listener);
  return {
    signal: controller.signal,
    stop: () => void process.off('SIGINT', listener).off('SIGTERM', listener),
  };
}
