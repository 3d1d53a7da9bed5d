// Following a job: a queue is not a stall, and a silent scheduler is not a lost job.
import { describe, expect, it } from 'vitest';
import { followJob, type FollowRequest } from '../../src/executors/follow-job.ts';
import type { Executor, JobState } from '../../src/executors/types.ts';

type Answer = JobState | Error;
const pending: Answer = { state: 'pending', detail: 'PENDING (Resources)' };
const running: Answer = { state: 'running', detail: 'RUNNING' };

function refuse(): never {
  throw new Error('not asked here');
}

/** A scheduler that gives these answers, the last one again and again. */
function scheduler(answers: readonly Answer[]): Executor {
  let asked = 0;
  return {
    find: refuse,
    submit: refuse,
    cancel: refuse,
    tail: refuse,
    async poll() {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('no answer');
      return answer;
    },
  };
}

function follow(
  answers: readonly Answer[],
  more: Partial<FollowRequest> = {},
): { said: string[]; end: Promise<unknown> } {
  const said: string[] = [];
  const end = followJob({
    job: { id: '7', name: 'megatron-to-hf-0' },
    executor: scheduler(answers),
    profile: 'p',
    signal: new AbortController().signal,
    pollSeconds: 0.01,
    patienceSeconds: 0.2,
    stallSeconds: 0.2,
    startSeconds: 0.2,
    watch: async () => '',
    report: (message) => said.push(message),
    ...more,
  });
  return { said, end };
}

const times = (count: number, answer: Answer): Answer[] => Array.from({ length: count }, () => answer);

describe('followJob', () => {
  it('believes that a job is lost only after several looks in a row', async () => {
    const lost: Answer = { state: 'failed', end: 'lost', detail: 'not known', exitCode: null };
    const back = follow([running, lost, lost, running, lost, lost, { state: 'done' }]);
    await expect(back.end).resolves.toEqual({ state: 'done' });
    expect(back.said).toContain('job 7 is asked for again: not known');
    await expect(follow([running, lost, lost, lost, { state: 'done' }]).end).resolves.toEqual(lost);
  });

  it('waits in a queue for longer than a stall may last, and says why', async () => {
    const { said, end } = follow([...times(40, pending), running, { state: 'done' }]);
    await expect(end).resolves.toEqual({ state: 'done' });
    expect(said).toContain('job 7 is pending: PENDING (Resources)');
    expect(said.at(-1)).toBe('job 7 is running: RUNNING');
  });

  it('calls a running job without a sign of life stalled', async () => {
    await expect(follow([running]).end).rejects.toMatchObject({ type: 'ConversionStalled', facts: { job: '7' } });
  });

  it('gives a job longer for its first sign of life than for the next', async () => {
    let looks = 0;
    const watch = async (): Promise<string> => String(Math.min(15, Math.max(0, ++looks - 20)));
    const { end } = follow([running], { startSeconds: 10, stallSeconds: 0.1, watch });
    await expect(end).rejects.toMatchObject({ type: 'ConversionStalled' });
    expect(looks).toBeGreaterThan(35);
  });

  it('bears a scheduler that does not answer, for a while', async () => {
    const { said, end } = follow([running, ...times(5, new Error('connection refused')), { state: 'done' }]);
    await expect(end).resolves.toEqual({ state: 'done' });
    expect(said).toContain('job 7: The scheduler of profile p could not say how job 7 is: connection refused');
    const silent = follow([new Error('connection refused')], { stallSeconds: 10, startSeconds: 10 });
    await expect(silent.end).rejects.toMatchObject({ type: 'SchedulerFailed' });
  });

  it('stops at once when it is told to', async () => {
    const controller = new AbortController();
    const { end } = follow([pending], { signal: controller.signal, pollSeconds: 100 });
    controller.abort(new Error('enough'));
    await expect(end).rejects.toThrow('enough');
  });
});
