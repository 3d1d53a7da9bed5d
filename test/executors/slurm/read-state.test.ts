// What Slurm says of a job, as one of our states.
import { describe, expect, it } from 'vitest';
import { parseSacct, parseScontrol, readLeftovers, toJobState } from '../../../src/executors/slurm/read-state.ts';

const LINE =
  'JobId=7 JobName=megatron-to-hf-0 UserId=root(0) JobState=RUNNING Reason=None Dependency=(null) Requeue=0 Restarts=0 ' +
  'BatchFlag=1 ExitCode=0:0 RunTime=00:00:03 TimeLimit=01:00:00 ReqNodeList=(null) ExcNodeList=(null) NodeList=n[0-1] BatchHost=n0';

const read = (line: string, name = 'megatron-to-hf-0') => parseScontrol(line, name, '/out/a b/jobs/1');

const state = (name: string, exitCode = '0:0', reason = 'None', preemptedAt = '') =>
  toJobState({ state: name, reason, exitCode, nodes: '', preemptedAt });

describe('scontrol', () => {
  it('says where a job runs and why it waits', () => {
    expect(read(LINE)).toEqual({
      state: 'RUNNING',
      reason: 'None',
      exitCode: '0:0',
      nodes: 'n[0-1]',
      preemptedAt: '',
    });
    expect(toJobState(read(LINE) ?? state0)).toEqual({ state: 'running', detail: 'RUNNING on n[0-1]' });
    const waiting = LINE.replace('RUNNING Reason=None', 'PENDING Reason=Resources').replace(
      ' NodeList=n[0-1]',
      ' NodeList=(null)',
    );
    expect(toJobState(read(waiting) ?? state0)).toEqual({ state: 'pending', detail: 'PENDING (Resources)' });
    expect(read('slurm_load_jobs error: Invalid job id specified')).toBeNull();
  });

  it('is not believed about another job that has the id now; a renamed one is known by its folder', () => {
    expect(read(LINE, 'megatron-to-hf-1')).toBeNull();
    expect(read(`${LINE} WorkDir=/out/a b/jobs/11 StdErr=x`, 'megatron-to-hf-1')).toBeNull();
    expect(read(`${LINE} WorkDir=/out/a b/jobs/1 StdErr=x`, 'megatron-to-hf-1')).toMatchObject({ state: 'RUNNING' });
  });

  it('says that a job ended by itself in its grace time after a pre-emption', () => {
    const ended = LINE.replace('RUNNING Reason=None', 'FAILED Reason=NonZeroExitCode').replace('=0:0', '=143:0');
    expect(toJobState(read(`${ended} PreemptTime=2026-11-29T22:07:50 SuspendTime=None`) ?? state0)).toEqual({
      state: 'failed',
      end: 'preempted',
      detail: 'FAILED (NonZeroExitCode), exit code 143, pre-empted at 2026-11-29T22:07:50',
      exitCode: 143,
    });
    expect(toJobState(read(`${ended} PreemptTime=None SuspendTime=None`) ?? state0)).toMatchObject({ end: 'exit' });
  });

  const state0 = { state: '', reason: '', exitCode: '', nodes: '', preemptedAt: '' };
});

describe('sacct', () => {
  it('says how a job ended', () => {
    expect(parseSacct('CANCELLED by 0|0:15\n')).toEqual({
      state: 'CANCELLED by 0',
      reason: '',
      exitCode: '0:15',
      nodes: '',
      preemptedAt: '',
    });
    expect(parseSacct('')).toBeNull();
  });
});

describe('a state', () => {
  it.each([
    ['PENDING', 'pending'],
    ['CONFIGURING', 'pending'],
    ['REQUEUE_HOLD', 'pending'],
    ['SUSPENDED', 'pending'],
    ['RUNNING', 'running'],
    ['COMPLETING', 'running'],
    ['SOMETHING_NEW', 'running'],
    ['COMPLETED', 'done'],
  ])('%s is %s', (name, expected) => {
    expect(state(name).state).toBe(expected);
  });

  it.each([
    ['FAILED', 'exit'],
    ['OUT_OF_MEMORY', 'exit'],
    ['NODE_FAIL', 'preempted'],
    ['BOOT_FAIL', 'preempted'],
    ['PREEMPTED', 'preempted'],
    ['TIMEOUT', 'time-limit'],
    ['DEADLINE', 'time-limit'],
    ['CANCELLED', 'cancelled'],
    ['CANCELLED by 1000', 'cancelled'],
    ['CANCELLED+', 'cancelled'],
  ])('%s ended: %s', (name, end) => {
    expect(state(name, '1:0')).toMatchObject({ state: 'failed', end });
  });

  it('in the grace time of a pre-emption stays what it is where it says more', () => {
    const at = '2026-11-29T22:07:50';
    expect(state('COMPLETED', '0:0', 'None', at)).toEqual({ state: 'done' });
    expect(state('CANCELLED', '0:15', 'None', at)).toMatchObject({ end: 'cancelled' });
  });

  it('tells exit codes from signals', () => {
    expect(state('FAILED', '3:0', 'NonZeroExitCode')).toMatchObject({
      exitCode: 3,
      detail: 'FAILED (NonZeroExitCode), exit code 3',
    });
    expect(state('FAILED', '0:9')).toMatchObject({ exitCode: -9, detail: 'FAILED, signal 9' });
  });
});

describe('a job that Slurm has forgotten', () => {
  it('is what its exit file says', () => {
    expect(readLeftovers('0', [])).toEqual({ state: 'done' });
    expect(readLeftovers('75', [])).toMatchObject({ end: 'exit', exitCode: 75 });
  });

  it.each([
    ['slurmstepd: error: *** JOB 5 ON n0 CANCELLED AT 2026-01-01T00:00:00 DUE TO TIME LIMIT ***', 'time-limit'],
    ['slurmstepd: error: *** STEP 5.0 ON n0 CANCELLED AT 2026-01-01T00:00:00 DUE TO PREEMPTION ***', 'preempted'],
    [
      'slurmstepd: error: *** JOB 5 ON n0 CANCELLED AT 2026-01-01T00:00:00 DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***',
      'preempted',
    ],
    ['slurmstepd: error: *** JOB 5 ON n0 CANCELLED AT 2026-01-01T00:00:00 ***', 'cancelled'],
    ['no word of it', 'lost'],
  ])('without one is what slurmstepd wrote: %s', (line, end) => {
    expect(readLeftovers(null, ['job 5 on n0', line])).toMatchObject({ state: 'failed', end, exitCode: null });
  });
});
