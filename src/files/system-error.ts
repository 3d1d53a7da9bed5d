// Failed calls of the operating system, as failures that name the path and say what to do.
import { ConversionError, type FailureType } from '../contract/failures.ts';
import { errorCode } from './error-code.ts';

const OUT_OF_SPACE = new Set(['ENOSPC', 'EDQUOT']);
const NOT_PERMITTED = new Set(['EACCES', 'EPERM', 'EROFS']);
/** What no wait mends: paths that are none. */
const NO_PATH: Readonly<Record<string, string>> = {
  ELOOP: 'is a link that leads back to itself. Correct the link.',
  ENAMETOOLONG: 'has a name that is longer than the file system allows. Correct megatron_path.',
};

/**
 * A failed read of the checkpoint that another attempt cannot help: `CheckpointUnreadable`. Errors of other kinds, such as those of a
 * network file system, are returned unchanged, and ENOENT too: what is missing may come.
 *
 * @param path - named where the error itself names none
 */
export function readError(error: unknown, path: string): unknown {
  const code = errorCode(error);
  if (code === null || error instanceof ConversionError) return error;
  const where = pathOf(error) ?? path;
  if (NOT_PERMITTED.has(code)) {
    const message = `${where} may not be read by the user of the worker (uid ${process.getuid?.() ?? 'unknown'}, ${code}).`;
    return failure('CheckpointUnreadable', message, error);
  }
  const what = NO_PATH[code];
  return what === undefined ? error : failure('CheckpointUnreadable', `${where} ${what} (${code})`, error);
}

/**
 * A failed write: `InsufficientSpace` or `TargetRefused`. Errors of other kinds are returned unchanged.
 *
 * @param bytesWanted - the size of the whole file
 */
export function writeError(error: unknown, path: string, bytesWanted: number): unknown {
  const code = errorCode(error);
  if (code === null || error instanceof ConversionError) return error;
  if (OUT_OF_SPACE.has(code)) {
    const what = code === 'EDQUOT' ? 'The quota of the user is used up' : 'The disk is full';
    const message = `${what}: ${path} needs ${bytesWanted} bytes (${code}). Free space, then run again.`;
    return failure('InsufficientSpace', message, error);
  }
  if (!NOT_PERMITTED.has(code)) return error;
  const message = `${path} may not be written (${code}). Let the user of the worker write there.`;
  return failure('TargetRefused', message, error);
}

function failure(type: FailureType, message: string, cause: unknown): ConversionError {
  return new ConversionError(type, message, { problems: [message], facts: { code: errorCode(cause) }, cause });
}

function pathOf(error: unknown): string | null {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : null;
}
