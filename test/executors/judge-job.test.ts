// What the end of a job means for the run.
import { describe, expect, it } from 'vitest';
import { FAILURES } from '../../src/contract/failures.ts';
import { judgeJob } from '../../src/executors/judge-job.ts';
import type { JobEnd } from '../../src/executors/types.ts';

const job = { id: '42', name: 'megatron-to-hf-0' };
const ended = (end: JobEnd, exitCode: number | null = null) =>
  ({ state: 'failed', end, detail: end.toUpperCase(), exitCode }) as const;
const errorLine = (type: string): string =>
  JSON.stringify({
    event: 'error',
    rank: 3,
    type,
    message: 'tensor x is wrong',
    problems: ['tensor x'],
    facts: { file: 'a' },
  });

describe('judgeJob', () => {
  it.each([
    ['preempted', 'JobLost', true],
    ['lost', 'JobLost', true],
    ['time-limit', 'JobTimeLimit', false],
    ['cancelled', 'JobCancelled', false],
    ['exit', 'RankFailed', true],
  ] as const)('%s is %s', (end, type, retryable) => {
    const failure = judgeJob(job, ended(end, end === 'exit' ? 1 : null), ['last words'], 'slurm_a');
    expect(failure.type).toBe(type);
    expect(FAILURES[failure.type].retryable).toBe(retryable);
    expect(failure.message).toMatch(/Job 42 of profile slurm_a/);
    expect(failure.message).toContain('last words');
    expect(failure.facts).toMatchObject({ job: '42', profile: 'slurm_a' });
  });

  it("lets a rank's final error decide, whatever became of the job", () => {
    for (const end of ['exit', 'cancelled', 'time-limit'] as const) {
      const failure = judgeJob(job, ended(end, 1), ['noise', errorLine('CorruptData')], 'p');
      expect(failure.type).toBe('CorruptData');
      expect(failure.message).toContain('tensor x is wrong');
      expect(failure.problems).toEqual(['tensor x']);
    }
  });

  it('does not let an error that another attempt can help hide a time limit', () => {
    expect(judgeJob(job, ended('time-limit'), [errorLine('RankFailed')], 'p').type).toBe('JobTimeLimit');
    expect(judgeJob(job, ended('exit', 1), [errorLine('RankFailed')], 'p').message).toContain(
      'rank 3: tensor x is wrong',
    );
  });

  it('shows no more lines than people read', () => {
    const log = Array.from({ length: 400 }, (_, index) => `line ${index}`);
    const { message } = judgeJob(job, ended('lost'), log, 'p');
    expect(message).toContain('line 399');
    expect(message).not.toContain('line 300\n');
  });
});
