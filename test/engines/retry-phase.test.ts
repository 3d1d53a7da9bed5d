import { expect, test } from 'vitest';
import { ConversionError, ConversionInput, PHASES } from '../../src/contract/index.ts';
import { retryPhase, retryRule, type RetryRule } from '../../src/engines/retry-phase.ts';
import { activityOptions } from '../../src/workflows/activity-options.ts';

const INPUT = ConversionInput.parse({
  megatron_path: '/m',
  hf_model_id: 'x',
  hf_path: '/h',
  wait: { timeout: '2h', initial_interval: '7s', max_interval: '50s' },
  retry: { convert_attempts: 9 },
});
const QUICK: RetryRule = { attempts: 3, firstPause: 0.01, longestPause: 0.02, factor: 2, deadline: null };
const never = new AbortController().signal;

test.each(PHASES)('%s is retried as the workflow retries it', (phase) => {
  const rule = retryRule(phase, INPUT);
  const { retry, scheduleToCloseTimeout } = activityOptions(INPUT)[phase];
  expect(seconds(retry?.initialInterval)).toBe(rule.firstPause);
  expect(retry?.maximumAttempts ?? Infinity).toBe(rule.attempts);
  expect(retry?.backoffCoefficient ?? 2).toBe(rule.factor);
  expect(scheduleToCloseTimeout === undefined ? null : seconds(scheduleToCloseTimeout)).toBe(rule.deadline);
  if (retry?.maximumInterval !== undefined) expect(seconds(retry.maximumInterval)).toBe(rule.longestPause);
});

function seconds(duration: unknown): number {
  if (typeof duration === 'number') return duration / 1000;
  const [number = '', unit = ''] = String(duration).split(' ');
  return Number(number) * (unit.startsWith('minute') ? 60 : 1);
}

test('tries again after retryable failures, with growing pauses', async () => {
  const retries: [number, number][] = [];
  const result = await retryPhase(
    async (attempt) => {
      if (attempt < 3) throw new ConversionError('RankFailed', 'died');
      return attempt;
    },
    { rule: QUICK, signal: never, onRetry: (attempt, _failure, pause) => retries.push([attempt, pause]) },
  );
  expect(result).toBe(3);
  expect(retries).toEqual([
    [1, 0.01],
    [2, 0.02],
  ]);
});

test.each([
  [new ConversionError('CorruptData', 'final'), 1],
  [new ConversionError('RankFailed', 'again and again'), 3],
  [new ConversionError('RankFailed', 'fruitless', { facts: { final: true } }), 1],
  [new Error('a bug'), 1],
])('%s ends after %i attempts', async (error, attempts) => {
  let calls = 0;
  const work = async (): Promise<never> => {
    calls++;
    throw error;
  };
  await expect(retryPhase(work, { rule: QUICK, signal: never, onRetry: () => undefined })).rejects.toBe(error);
  expect(calls).toBe(attempts);
});

test('the wait gives up when the next look would miss the deadline, with the last reason', async () => {
  const failure = new ConversionError('CheckpointIncomplete', '2 files are missing', {
    problems: ['2 files are missing'],
  });
  const work = () => Promise.reject(failure);
  const rule = { ...QUICK, attempts: Infinity, firstPause: 10, deadline: 5 };
  const error: unknown = await retryPhase(work, { rule, signal: never, onRetry: () => undefined }).catch(
    (it: unknown) => it,
  );
  expect(error).toMatchObject({ type: 'WaitTimedOut', problems: ['2 files are missing'], cause: failure });
  expect(String(error)).toContain('wait.timeout = 5.0 s. The last look said: 2 files are missing');
});

test('an abort ends the pause with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('stop');
  const rule = { ...QUICK, firstPause: 3600 };
  const waiting = retryPhase(() => Promise.reject(new ConversionError('RankFailed', 'died')), {
    rule,
    signal: controller.signal,
    onRetry: () => controller.abort(reason),
  });
  await expect(waiting).rejects.toBe(reason);
});
