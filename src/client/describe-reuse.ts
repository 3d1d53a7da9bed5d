// What a retry will find done, in words. Pure.
import { formatBytes } from '../contract/index.ts';
import type { FailureReport } from './explain-failure.ts';
import type { PastRun } from './past-run.ts';

export interface Retrying {
  readonly from: 'start' | 'smoke';
  /** The request is another one. */
  readonly isChanged: boolean;
  /** How the run ended that is retried; null where it went well. */
  readonly failure: FailureReport['type'] | null;
}

export function describeReuse(
  { begun, converted }: Pick<PastRun, 'begun' | 'converted'>,
  { from, isChanged, failure }: Retrying,
): string {
  if (!begun.includes('convert')) return 'nothing was converted yet, so everything is still to do';
  if (failure === 'SourceChanged') return 'the checkpoint is another one now, so everything is converted anew';
  const unless = isChanged ? ', as far as the changed request asks for the same bytes' : '';
  if (converted === null)
    return `the conversion did not finish: files that are finished are not written again${unless}`;
  const bytes = formatBytes(converted.bytes_written + converted.bytes_reused);
  const what = `${converted.files} ${converted.files === 1 ? 'file' : 'files'} (${bytes})`;
  if (from === 'smoke') return `${what} are converted and verified: the run goes on with its smoke generation`;
  if (failure === 'VerificationFailed')
    return `${what} were converted, and those that were found sound are not written again${unless}`;
  return `${what} are converted and are not written again${unless}`;
}
