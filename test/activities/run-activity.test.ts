// The adapter between Temporal and the domain, in the SDK's mock environment.
import { hostname } from 'node:os';

import { ActivityCancellationDetails, ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { CheckCompletenessArguments } from '../../src/activities/arguments.ts';
import { runActivity } from '../../src/activities/run-activity.ts';
import { ConversionError, FAILURES, type FailureType, type Progress } from '../../src/contract/index.ts';
import { CLEANLY_CANCELLED } from '../../src/contract/names.ts';
import type { Surroundings } from '../../src/contract/surroundings.ts';
import { TEST_CONFIG } from '../support/temporal-workers.ts';

const Arguments = z.object({ name: z.string() });
type Work = (args: z.infer<typeof Arguments>, surroundings: Surroundings) => Promise<string>;

const environment = (info: ConstructorParameters<typeof MockActivityEnvironment>[0] = {}): MockActivityEnvironment =>
  new MockActivityEnvironment({ heartbeatTimeoutMs: 60_000, ...info }, { logger: new DefaultLogger('ERROR') });

const run = (env: MockActivityEnvironment, work: Work, args: unknown = { name: 'x' }): Promise<string> =>
  env.run(runActivity('convert', TEST_CONFIG.policy, Arguments, work), args as z.infer<typeof Arguments>);

const failureOf = async (work: Work, args?: unknown): Promise<ApplicationFailure> => {
  const error = await run(environment(), work, args).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApplicationFailure);
  return error as ApplicationFailure;
};

function beats(env: MockActivityEnvironment): unknown[] {
  const seen: unknown[] = [];
  env.on('heartbeat', (details: unknown) => seen.push(details));
  return seen;
}

const progress = (message: string): Progress => ({ phase: 'convert', message });

describe('errors of the domain', () => {
  it.each(Object.keys(FAILURES) as FailureType[])('%s keeps its type and is final as the table says', async (type) => {
    const failure = await failureOf(async () => {
      throw new ConversionError(type, 'what, where', { problems: ['a', 'b'], facts: { bytes: 3 } });
    });
    expect(failure.type).toBe(type);
    expect(failure.nonRetryable).toBe(!FAILURES[type].retryable);
    expect(failure.message).toBe(`what, where\n${FAILURES[type].advice}`);
    expect(failure.details).toEqual([{ bytes: 3 }, ['a', 'b']]);
    expect(failure.category === 'BENIGN').toBe(type === 'CheckpointIncomplete');
  });

  it('is final where the domain says so', async () => {
    const failure = await failureOf(async () => {
      throw new ConversionError('RankFailed', 'three attempts finished no file', { facts: { final: true } });
    });
    expect(failure.nonRetryable).toBe(true);
  });

  it('stays within the limits of a payload', async () => {
    const failure = await failureOf(async () => {
      const problems = Array.from({ length: 100_000 }, (_, i) => `item ${i} is bad`);
      throw new ConversionError('CheckpointDamaged', problems.join('\n'), { problems });
    });
    expect(Buffer.byteLength(JSON.stringify([failure.message, failure.details]))).toBeLessThan(100_000);
    expect(JSON.stringify(failure.details)).toContain('and 99950 more');
  });

  it('refuses an argument that does not fit, for good', async () => {
    const failure = await failureOf(async () => 'unreachable', { name: 3 });
    expect(failure).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
  });

  it('leaves a parameter that it does not know to a newer worker', async () => {
    const request = { megatron_path: '/m/iter_0000001', hf_model_id: 'a/b', hf_path: '/hf', from_the_future: null };
    const checked = runActivity(
      'checkCompleteness',
      TEST_CONFIG.policy,
      CheckCompletenessArguments,
      async () => 'unreachable',
    );
    const both = (input: object): Promise<unknown> =>
      new MockActivityEnvironment()
        .run(checked, { input } as unknown as CheckCompletenessArguments)
        .catch((error: unknown) => error);
    expect(await both(request)).toMatchObject({
      type: 'InvalidInput',
      nonRetryable: false,
      message: expect.stringContaining(
        'does not know from_the_future: it is older than the one that runs the workflow.',
      ),
    });
    expect(await both({ ...request, hf_path: 3 })).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
  });

  it('lets an error that nobody foresaw be retried', async () => {
    await expect(run(environment(), () => Promise.reject(new Error('EIO')))).rejects.toThrow('EIO');
  });
});

describe('heartbeats', () => {
  it('repeats what the attempt before left until there is progress, then sends the newest at the end', async () => {
    const env = environment({ heartbeatDetails: { phase: 'convert', message: 'before', carry: { attempts: 2 } } });
    const seen = beats(env);
    await run(env, async (_, { onProgress, previous }) => {
      expect(previous).toMatchObject({ carry: { attempts: 2 } });
      for (let i = 0; i < 1000; i++) onProgress(progress(`step ${i}`));
      return 'ok';
    });
    expect(seen[0]).toMatchObject({ message: 'before' });
    expect(seen.at(-1)).toEqual(progress('step 999'));
    expect(seen.length).toBeLessThan(5);
  });

  it('beats without progress, too, and stops at the end', async () => {
    const env = environment();
    const seen = beats(env);
    await run(env, async () => {
      await new Promise((resolve) => setTimeout(resolve, 2500));
      return 'ok';
    });
    const count = seen.length;
    expect(count).toBeGreaterThanOrEqual(3);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(seen.length).toBe(count);
  });

  it('leaves the reason of a failure, and later attempts keep it beside their progress', async () => {
    const env = environment();
    const seen = beats(env);
    const fail: Work = async (_, { onProgress }) => {
      onProgress(progress('copying'));
      throw new ConversionError('RankFailed', 'rank 1 died', { problems: ['exit code 3'] });
    };
    await expect(run(env, fail)).rejects.toThrow('rank 1 died');
    const left = seen.at(-1);
    expect(left).toEqual({ ...progress('copying'), failure: { message: 'rank 1 died', problems: ['exit code 3'] } });

    const next = environment({ heartbeatDetails: left });
    const later = beats(next);
    await run(next, async (_, { onProgress }) => {
      onProgress(progress('again'));
      return 'ok';
    });
    expect(later.at(-1)).toMatchObject({ message: 'again', failure: { problems: ['exit code 3'] } });
  });
});

describe('cancellation', () => {
  it.each(['CANCELLED', 'PAUSED', 'WORKER_SHUTDOWN'] as const)(
    '%s reaches the signal and is confirmed, whatever the domain throws, after the domain ended',
    async (reason) => {
      const env = environment();
      let ended = false;
      const result = run(env, async (_, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await new Promise((resolve) => setTimeout(resolve, 50));
        ended = true;
        throw new ConversionError('RankFailed', 'torchrun was ended by SIGTERM');
      });
      setTimeout(() => env.cancel(reason), 20);
      await expect(result).rejects.toBeInstanceOf(CancelledFailure);
      await expect(result).rejects.toThrow(reason);
      expect(ended).toBe(true);
    },
  );
});

describe('a cancelled attempt', () => {
  it.each([
    ['says so where the domain ended by the cancel itself', { cancelRequested: true }, true, [CLEANLY_CANCELLED]],
    ['says nothing where the domain failed meanwhile', { cancelRequested: true }, false, []],
    ['says nothing where it is handed over', { workerShutdown: true }, true, []],
  ] as const)('that left nothing %s', async (_, details, isClean, expected) => {
    const env = environment();
    const result = run(env, async (_args, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw isClean ? signal.reason : new ConversionError('SchedulerFailed', 'no answer');
    });
    setTimeout(() => env.cancel('CANCELLED', new ActivityCancellationDetails(details)), 20);
    const error = await result.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CancelledFailure);
    expect((error as CancelledFailure).details ?? []).toEqual(expected);
  });

  const last = { attempt: 3, retryPolicy: { maximumAttempts: 3 } };
  it.each([
    ['is followed by another one after a shutdown', { workerShutdown: true }, {}, true],
    ['is followed by another one when its time is up', { timedOut: true }, { ...last, attempt: 2 }, true],
    ['is followed by another one after a reset, whatever its number', { reset: true }, last, true],
    ['is followed by none after a cancel', { cancelRequested: true, workerShutdown: true }, {}, false],
    ['is followed by none where it was the last and its time is up', { timedOut: true }, last, false],
    ['is followed by none where it was the last and its worker shuts down', { workerShutdown: true }, last, false],
  ])('%s', async (_, details, info, expected) => {
    const env = environment(info);
    let handedOver: boolean | undefined;
    const result = run(env, async (__, { signal, isHandedOver, isLastAttempt }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      handedOver = await isHandedOver?.();
      expect(isLastAttempt).toBe(info === last);
      return 'ok';
    });
    setTimeout(() => env.cancel('CANCELLED', new ActivityCancellationDetails(details)), 20);
    await expect(result).resolves.toBe('ok');
    expect(handedOver).toBe(expected);
  });
});

it('tells the domain who works', async () => {
  const env = environment({ attempt: 3, namespace: 'training', workflowExecution: { workflowId: 'w', runId: 'r' } });
  await run(env, async (_, { worker, policy }) => {
    expect(worker).toEqual({
      kind: 'workflow',
      workflowId: 'w',
      runId: 'r',
      attempt: 3,
      namespace: 'training',
      host: hostname(),
      pid: process.pid,
    });
    expect(policy).toBe(TEST_CONFIG.policy);
    return 'ok';
  });
});
