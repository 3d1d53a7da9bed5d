// System errors while copying, as failures that name the file and say what to do.
import { ConversionError, type FailureType } from '../contract/failures.ts';
import { errorCode } from '../files/error-code.ts';
import { readError, writeError } from '../files/system-error.ts';

/** A failed read of a `.distcp` file. Errors that are no system errors are returned unchanged. */
export function sourceError(error: unknown, path: string): unknown {
  const known = readError(error, path);
  const code = errorCode(known);
  if (code === null || known instanceof ConversionError) return known;
  if (code === 'ENOENT')
    return failure('SourceChanged', `${path} is gone: it was there when the plan was made.`, error);
  const advice = 'Check the source file system; the next attempt reads the file again.';
  return failure('RankFailed', `Reading ${path} failed with ${code}. ${advice}`, error);
}

/** A failed write in the staging directory. Errors that are no system errors are returned unchanged. */
export function targetError(error: unknown, path: string, bytesWanted: number): unknown {
  const known = writeError(error, path, bytesWanted);
  const code = errorCode(known);
  if (code === null || known instanceof ConversionError) return known;
  return failure('RankFailed', `Writing ${path} failed with ${code}. Check the target file system.`, error);
}

function failure(type: FailureType, message: string, cause: unknown): ConversionError {
  return new ConversionError(type, message, { problems: [message], facts: { code: errorCode(cause) }, cause });
}
