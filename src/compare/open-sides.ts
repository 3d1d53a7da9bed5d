// Opens both sides, and tells everything that is wrong with either at once.
import { ConversionError } from '../contract/failures.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import { errorCode } from '../files/error-code.ts';
import { findReference } from './find-reference.ts';
import { listFiles, type CheckpointDirectory, type ExportFiles } from './list-files.ts';
import { openCheckpoint } from './open-checkpoint.ts';
import { openExport } from './open-export.ts';
import type { Side } from './types.ts';

type Input = ExportFiles | CheckpointDirectory;

/** @throws ConversionError InvalidInput whose problems name the side, the path and the failure. */
export async function openSides(
  pathOfA: string,
  pathOfB: string,
  reference: string | null,
  surroundings: Surroundings,
): Promise<readonly [a: Side, b: Side]> {
  const problems: string[] = [];
  const attempt = async <T>(label: string, open: () => Promise<T>): Promise<T | null> => {
    try {
      return await open();
    } catch (error) {
      surroundings.signal.throwIfAborted();
      problems.push(`${label} ${describe(error)}`);
      return null;
    }
  };
  const inputOfA = await attempt(`A, ${pathOfA},`, () => listFiles(pathOfA));
  const inputOfB = await attempt(`B, ${pathOfB},`, () => listFiles(pathOfB));
  const open = (label: string, input: Input | null, other: Input | null): Promise<Side | null> | null =>
    input && attempt(`${label}, ${input.path}:`, () => openSide(input, other, reference, surroundings));
  const a = await open('A', inputOfA, inputOfB);
  const b = await open('B', inputOfB, inputOfA);
  if (a !== null && b !== null) return [a, b];
  a?.close();
  b?.close();
  throw new ConversionError('InvalidInput', problems.join('\n'), { problems });
}

async function openSide(
  input: Input,
  other: Input | null,
  reference: string | null,
  surroundings: Surroundings,
): Promise<Side> {
  if (input.kind === 'export') return openExport(input);
  const model = await findReference(input, other, reference, surroundings);
  return openCheckpoint(input.path, model, surroundings.signal);
}

/** An error that nobody foresaw is a defect of this program, not of an input. */
function describe(error: unknown): string {
  if (error instanceof ConversionError)
    return error.type === 'InvalidInput' ? error.message : `${error.type}: ${error.message}`;
  const code = errorCode(error);
  if (code === null) throw error;
  return `cannot be read: ${code}`;
}
