// What the end of a job means. Pure.
import { ConversionError, type FailureType } from '../contract/failures.ts';
import { judgeRanks, type RankError } from '../launch/judge-ranks.ts';
import { parseRankEvent } from '../launch/rank-events.ts';
import type { Job, JobEnd, JobState } from './types.ts';

/** Lines of a log that are read to find what the ranks said; those that are shown are fewer. */
export const LOG_LINES = 500;
const SHOWN_LINES = 30;

const ENDS: Readonly<Record<JobEnd, string>> = {
  exit: 'failed',
  preempted: 'was taken away from its nodes',
  lost: 'is gone without a result',
  'time-limit': 'reached its time limit',
  cancelled: 'was cancelled by somebody else than this run',
};

const TYPES: Readonly<Record<Exclude<JobEnd, 'exit'>, FailureType>> = {
  preempted: 'JobLost',
  lost: 'JobLost',
  'time-limit': 'JobTimeLimit',
  cancelled: 'JobCancelled',
};

/** The failure of a job that did not succeed. A rank's own final error decides, whatever became of the job afterwards. */
export function judgeJob(
  job: Job,
  end: Extract<JobState, { state: 'failed' }>,
  log: readonly string[],
  profile: string,
): ConversionError {
  const errors = log.map(parseRankEvent).filter((event): event is RankError => event?.event === 'error');
  const tail = log.filter((line) => !line.startsWith('{"event":')).slice(-SHOWN_LINES);
  const result = { exitCode: end.exitCode ?? 1, signalName: null, aborted: false, timedOut: false, startError: null };
  const ranks = judgeRanks({ ...result, tail, seconds: 0 }, errors);
  const facts = { job: job.id, job_name: job.name, profile, detail: end.detail };
  if (ranks !== null && (end.end === 'exit' || ranks.type !== 'RankFailed')) {
    const message = `Job ${job.id} of profile ${profile} (${end.detail}): ${ranks.message}`;
    return new ConversionError(ranks.type, message, { problems: ranks.problems, facts: { ...ranks.facts, ...facts } });
  }
  const type = end.end === 'exit' ? 'RankFailed' : TYPES[end.end];
  const what = `Job ${job.id} of profile ${profile} ${ENDS[end.end]}: ${end.detail}.`;
  const lines = tail.length === 0 ? '' : `\nLast lines of the job:\n${tail.join('\n')}`;
  return new ConversionError(type, `${what}${lines}`, { problems: [what], facts });
}
