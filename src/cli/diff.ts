// `diff`: opens both sides, compares, prints. 0 equal, 1 different, 2 not comparable, as the diff of Unix.
import { compareSides } from '../compare/compare-sides.ts';
import { openSides } from '../compare/open-sides.ts';
import type { Comparison } from '../compare/types.ts';
import { ConversionError } from '../contract/index.ts';
import type { DiffFlags } from './flags.ts';
import { showDiffProgress } from './diff-progress.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { listenForInterrupt, reportInterrupted } from './interrupt.ts';
import { readerSurroundings } from './reader-surroundings.ts';
import { renderDiff } from './render-diff.ts';

export async function diff(a: string, b: string, flags: DiffFlags): Promise<number> {
  const { signal, stop } = listenForInterrupt();
  try {
    const comparison = await compare(a, b, flags, signal);
    const text = flags.json ? [JSON.stringify(comparison)] : renderDiff(comparison, flags.all === true);
    process.stdout.write(`${text.join('\n')}\n`);
    return comparison.equal ? EXIT_CODES.done.code : EXIT_CODES.failed.code;
  } catch (error) {
    if (signal.aborted) return reportInterrupted({ json: flags.json === true });
    reportTrouble(asConversionError(error), flags.json === true);
    return EXIT_CODES.invalid.code;
  } finally {
    stop();
  }
}

async function compare(a: string, b: string, flags: DiffFlags, signal: AbortSignal): Promise<Comparison> {
  const sides = await openSides(a, b, flags.reference ?? null, readerSurroundings(signal));
  const progress = showDiffProgress(process.stderr);
  try {
    return await compareSides(...sides, { tolerance: flags.tolerance ?? null, signal, onProgress: progress.show });
  } finally {
    progress.close();
    for (const side of sides) side.close();
  }
}

/** What nobody foresaw keeps two inputs from being compared as well; its stack is for the report of a bug. */
function asConversionError(error: unknown): ConversionError {
  if (error instanceof ConversionError) return error;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new ConversionError('InvalidInput', `Unexpected: ${message}`, { cause: error });
}

/** Whatever keeps two inputs from being compared is no difference between them: exit code 1 would say so. */
function reportTrouble({ type, message, problems }: ConversionError, json: boolean): void {
  if (json) {
    const failure = { event: 'failed', type, message, problems, advice: ADVICE, exit_code: EXIT_CODES.invalid.code };
    process.stdout.write(`${JSON.stringify(failure)}\n`);
    return;
  }
  const lines = problems.length > 0 && type === 'InvalidInput' ? problems : [`${type}: ${message}`];
  process.stderr.write(
    `cannot compare:\n${lines.map((line) => `  - ${line.replaceAll('\n', '\n    ')}`).join('\n')}\n`,
  );
}

const ADVICE = 'Correct what each problem names; megatron-to-hf diff --help says what can be compared.';
