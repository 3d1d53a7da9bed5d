// The output of ranks on other machines, once the network file system shows all of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../../contract/failures.ts';
import { type ConverterOutput, readOutput } from './read-output.ts';

const PAUSE_MS = 1000;

/**
 * Reads the output until `judge` finds nothing missing in it, for at most `seconds`; what there is then is given, and the caller judges.
 * Without the wait, a shard that is not shown yet would be a missing tensor: a final failure, or with strict=false an export without it.
 *
 * @param judge - throws a ConversionError for an output that is not whole
 * @throws the signal's reason
 */
export async function awaitOutput(
  folder: string,
  judge: (output: ConverterOutput) => unknown,
  seconds: number,
  signal: AbortSignal,
): Promise<ConverterOutput> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const output = await readOutput(folder);
    if (performance.now() >= deadline || isWhole(output, judge)) return output;
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function isWhole(output: ConverterOutput, judge: (output: ConverterOutput) => unknown): boolean {
  try {
    judge(output);
    return true;
  } catch (error) {
    if (error instanceof ConversionError) return false;
    throw error;
  }
}
