// What Slurm says of a job, as one of ours. Pure. Names of states: slurm/slurm.h (enum job_states), squeue(1) and sacct(1).
import type { JobEnd, JobState } from '../types.ts';

const WAITING = new Set([
  'PENDING',
  'CONFIGURING',
  'REQUEUED',
  'REQUEUE_FED',
  'REQUEUE_HOLD',
  'RESV_DEL_HOLD',
  'SPECIAL_EXIT',
  'SUSPENDED',
  'STOPPED',
]);

const ENDS: Readonly<Record<string, JobEnd>> = {
  FAILED: 'exit',
  OUT_OF_MEMORY: 'exit',
  LAUNCH_FAILED: 'exit',
  PREEMPTED: 'preempted',
  NODE_FAIL: 'preempted',
  BOOT_FAIL: 'preempted',
  REVOKED: 'preempted',
  RECONFIG_FAIL: 'preempted',
  TIMEOUT: 'time-limit',
  DEADLINE: 'time-limit',
  CANCELLED: 'cancelled',
};

export interface SlurmState {
  /** `RUNNING`, `CANCELLED by 0`, `CANCELLED+`. */
  readonly state: string;
  /** Why it is pending or ended; `None` where there is nothing to say. */
  readonly reason: string;
  /** `code:signal`. */
  readonly exitCode: string;
  /** Where it runs. */
  readonly nodes: string;
  /** When another job was given its nodes; empty where none was, and where it is accounting that speaks. */
  readonly preemptedAt: string;
}

/**
 * A line of `scontrol -o show job ID`; null where it is none, or of a job with neither this name nor this folder: ids are used again, at the
 * latest when a controller has lost its state. One of the two is enough, since somebody may rename a job.
 */
export function parseScontrol(line: string, jobName: string, folder: string): SlurmState | null {
  const field = (name: string): string => new RegExp(`(?:^|\\s)${name}=(\\S*)`).exec(line)?.[1] ?? '';
  const isOurs = field('JobName') === jobName || `${line} `.includes(` WorkDir=${folder} `);
  const state = field('JobState');
  if (state === '' || !isOurs) return null;
  return {
    state,
    reason: field('Reason'),
    exitCode: field('ExitCode'),
    nodes: field('NodeList').replace('(null)', ''),
    preemptedAt: field('PreemptTime').replace(/^(?:None|Unknown|N\/A)$/, ''),
  };
}

/** The first line of `sacct -n -P -X --format=State,ExitCode`; null where accounting knows nothing. */
export function parseSacct(output: string): SlurmState | null {
  const [state = '', exitCode = ''] = (output.split('\n')[0] ?? '').split('|');
  return state.trim() === '' ? null : { state: state.trim(), reason: '', exitCode, nodes: '', preemptedAt: '' };
}

export function toJobState({ state, reason, exitCode, nodes, preemptedAt }: SlurmState): JobState {
  const name = /^[A-Z_]+/.exec(state)?.[0] ?? state;
  const why = reason === '' || reason === 'None' ? '' : ` (${reason})`;
  if (WAITING.has(name)) return { state: 'pending', detail: `${name}${why}` };
  if (name === 'COMPLETED') return { state: 'done' };
  const end = Object.hasOwn(ENDS, name) ? ENDS[name] : undefined;
  // COMPLETING, SIGNALING, and what a later Slurm may add: not the end yet.
  if (end === undefined) return { state: 'running', detail: nodes === '' ? name : `${name} on ${nodes}` };
  const [code = '', signal = ''] = exitCode.split(':');
  const ended = signal === '' || signal === '0' ? `exit code ${code || 'unknown'}` : `signal ${signal}`;
  // With a GraceTime the ranks get SIGTERM first, and Slurm calls the job that then ends by itself FAILED.
  const taken = end === 'exit' && preemptedAt !== '' ? `, pre-empted at ${preemptedAt}` : '';
  return {
    state: 'failed',
    end: taken === '' ? end : 'preempted',
    detail: `${state}${why}, ${ended}${taken}`,
    exitCode: signal === '' || signal === '0' ? toCode(code) : -Number(signal),
  };
}

/**
 * The end of a job that Slurm has forgotten: its exit file, else what slurmstepd wrote into its log.
 *
 * @param exit - content of the exit file; null where the job did not come to write it
 */
export function readLeftovers(exit: string | null, log: readonly string[]): JobState {
  const code = exit === null ? null : toCode(exit);
  if (code === 0) return { state: 'done' };
  if (code !== null)
    return { state: 'failed', end: 'exit', detail: `exit code ${code}, from its own record`, exitCode: code };
  const word = log.findLast((line) => /\*\*\* (?:JOB|STEP) .* CANCELLED AT /.test(line));
  const end: JobEnd =
    word === undefined
      ? 'lost'
      : word.includes('TIME LIMIT')
        ? 'time-limit'
        : /PREEMPTION|NODE FAILURE/.test(word)
          ? 'preempted'
          : 'cancelled';
  return {
    state: 'failed',
    end,
    detail: word ?? 'Slurm does not know it any more, and it left no exit code',
    exitCode: null,
  };
}

function toCode(text: string): number | null {
  return /^\d+$/.test(text) ? Number(text) : null;
}
