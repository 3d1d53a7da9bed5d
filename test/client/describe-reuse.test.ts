// What a retry says that it will find done.
import { expect, test } from 'vitest';
import type { FailureType } from '../../src/contract/index.ts';
import { describeReuse } from '../../src/client/describe-reuse.ts';
import type { PastRun } from '../../src/client/past-run.ts';

const converted = { files: 3, bytes_written: 4_000_000, bytes_reused: 720_000 } as PastRun['converted'];
const past = (changes: Partial<PastRun>) => ({ begun: ['convert'] as const, converted, ...changes });

test.each<[FailureType | null, Partial<PastRun>, string]>([
  [null, { begun: ['checkCompleteness'], converted: null }, 'nothing was converted yet'],
  ['RankFailed', { converted: null }, 'files that are finished are not written again'],
  ['SmokeFailed', {}, '3 files (4.72 MB) are converted and are not written again'],
  ['VerificationFailed', {}, '3 files (4.72 MB) were converted, and those that were found sound are not written again'],
  ['SourceChanged', { converted: null }, 'the checkpoint is another one now, so everything is converted anew'],
  ['SourceChanged', {}, 'the checkpoint is another one now, so everything is converted anew'],
])('after %s', (failure, changes, expected) => {
  expect(describeReuse(past(changes), { from: 'start', isChanged: false, failure })).toContain(expected);
});

test('of a changed request only what it has in common is reused', () => {
  const said = describeReuse(past({}), { from: 'start', isChanged: true, failure: 'SmokeFailed' });
  expect(said).toContain('as far as the changed request asks for the same bytes');
});
