import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { describeFailure } from '../../src/cli/describe-failure.ts';
import { ConversionError, FAILURES, type FailureType } from '../../src/contract/index.ts';

const TYPES = Object.keys(FAILURES) as FailureType[];

test.each(TYPES)('%s has the exit code of the table, from the domain and from a run', async (type) => {
  const expected = {
    type,
    message: 'm',
    problems: ['p'],
    advice: FAILURES[type].advice.replace(/ \(megatron-to-hf retry .*\)/, ''),
    exit_code: FAILURES[type].exitCode,
  };
  expect(await describeFailure(new ConversionError(type, 'm', { problems: ['p'] }))).toEqual(expected);
  const cause = ApplicationFailure.create({ type, message: 'm', details: [{}, ['p']] });
  expect(
    await describeFailure(new WorkflowFailedError('Workflow execution failed', cause, 'NON_RETRYABLE_FAILURE')),
  ).toEqual(expected);
});

test.each([
  [new CancelledFailure('cancelled'), 'Cancelled', 3],
  [new TerminatedFailure('by hand'), 'Terminated', 3],
  [new TimeoutFailure('late', undefined, 'START_TO_CLOSE'), 'TimedOut', 4],
  [ApplicationFailure.create({ type: 'SomebodyElses', message: 'x' }), 'Error', 1],
])('%s', async (cause, type, code) => {
  const failure = await describeFailure(
    new WorkflowFailedError('Workflow execution failed', cause, 'NON_RETRYABLE_FAILURE'),
  );
  expect(failure).toMatchObject({ type, exit_code: code });
});

test('the advice names the run that can be retried, and no command where there is none', async () => {
  const { advice } = FAILURES.SmokeCrashed;
  const cause = ApplicationFailure.create({ type: 'SmokeCrashed', message: `m\n${advice}` });
  const error = new WorkflowFailedError('Workflow execution failed', cause, 'NON_RETRYABLE_FAILURE');
  const named = await describeFailure(error, 'export-7');
  expect(named.advice).toContain('(megatron-to-hf retry export-7 --from smoke)');
  expect(named.message).toBe(`m\n${named.advice}`);
  const local = await describeFailure(error);
  expect(local.advice).toMatch(/repeat the smoke generation alone\.$/);
  expect(local.message).toBe(`m\n${local.advice}`);
});

test('anything else is a plain error', async () => {
  expect(await describeFailure(new RangeError('no'))).toMatchObject({ type: 'Error', message: 'no', exit_code: 1 });
});
