// System errors while copying, as failures that name the file and say what to do.
import { ConversionError, type FailureType } from '../contract/failures.ts';
import { errorCode } from '../files/error-code.ts';

const OUT_OF_SPACE = new Set(['ENOSPC', 'EDQUOT']);
const NOT_PERMITTED = new Set(['EACCES', 'EPERM', 'EROFS']);

/** A failed read of a `.distcp` file. Errors that are no system errors are returned unchanged. */
export function sourceError(error: unknown, path: string): unknown {
  const code = errorCode(error);
  if (code === null || error instanceof ConversionError) return error;
  if (code === 'ENOENT')
    return failure('SourceChanged', `${path} is gone: it was there when the plan was made.`, error);
  const advice = NOT_PERMITTED.has(code)
    ? 'Let the user of the worker read it.'
    : 'Check the source file system; the next attempt reads the file again.';
  return failure('RankFailed', `Reading ${path} failed with ${code}. ${advice}`, error);
}

/** A failed write in the staging directory. Errors that are no system errors are returned unchanged. */
export function targetError(error: unknown, path: string, bytesWanted: number): unknown {
  const code = errorCode(error);
  if (code === null || error instanceof ConversionError) return error;
  if (OUT_OF_SPACE.has(code)) {
    const what = code === 'EDQUOT' ? 'The quota of the user is used up' : 'The disk is full';
    return failure(
      'InsufficientSpace',
      `${what}: ${path} needs ${bytesWanted} bytes (${code}). Free space, then run again.`,
      error,
    );
  }
  if (NOT_PERMITTED.has(code))
    return failure(
      'TargetRefused',
      `${path} may not be written (${code}). Let the user of the worker write there.`,
      error,
    );
  return failure('RankFailed', `Writing ${path} failed with ${code}. Check the target file system.`, error);
}

function failure(type: FailureType, message: string, cause: unknown): ConversionError {
  return new ConversionError(type, message, { problems: [message], facts: { code: errorCode(cause) }, cause });
}
