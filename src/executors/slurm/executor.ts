// The executor `slurm`: one batch job for each attempt.
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../../contract/failures.ts';
import type { SlurmProfile } from '../../contract/profile-slurm.ts';
import type { Executor, Job, JobSpec, JobState } from '../types.ts';
import { callSlurm, SlurmError } from './commands.ts';
import { jobFiles, readLastLines, readWord, writeJobFiles } from './job-files.ts';
import { parseSacct, parseScontrol, readLeftovers, toJobState } from './read-state.ts';
import { renderEnvironment, renderScript, renderTask } from './render-job.ts';

/** Seconds until a cancelled job's processes must be gone, and until a node that cleans up after it no longer matters. */
const [KILL_AFTER, GONE_AFTER] = [10, 60];
const LIMIT = 30_000;
/** What a job gets of the worker's environment; not which of its accelerators are to be seen. `env` of the profile comes on top. */
const HANDED_ON = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'VIRTUAL_ENV'];
/** What slurmctld says to a request that it will never grant. */
const REFUSED =
  /invalid|unrecognized|not available|not found|unknown|not permitted|permission denied|cannot be satisfied|exceeds/i;
const UNREACHABLE = /unable to contact|connect|timed out|timeout|temporarily|no answer|communication|zero bytes/i;
/** What Slurm says of an id that it has forgotten. */
const FORGOTTEN = /invalid job id/i;

export function makeSlurmExecutor(profile: SlurmProfile, folder: string, torchrun: readonly string[]): Executor {
  const files = jobFiles(folder);
  const call = (
    program: Parameters<typeof callSlurm>[1],
    args: readonly string[],
    signal: AbortSignal,
  ): Promise<string> => callSlurm(profile, program, args, signal);

  /** Of two jobs of one attempt, the one that took it. */
  const theOne = async (job: Job): Promise<string> => (await readWord(files.claim)) ?? job.id;

  async function find(name: string, signal: AbortSignal): Promise<Job | null> {
    const lines = (await call('squeue', ['--me', '--noheader', `--name=${name}`, '--format=%i %T'], signal)).split(
      '\n',
    );
    // A job that has ended may be COMPLETING for long, while its nodes clean up.
    const ids = lines.flatMap((line) => (/^\d+ (?!COMPLETING)/.test(line) ? [parseInt(line, 10)] : []));
    const id = ids.length === 0 ? undefined : String(Math.min(...ids));
    return id === undefined ? null : { id, name };
  }

  async function ask(id: string, signal: AbortSignal): Promise<JobState> {
    try {
      const state = parseScontrol(await call('scontrol', ['--oneliner', 'show', 'job', id], signal));
      if (state !== null) return toJobState(state);
    } catch (error) {
      if (!(error instanceof SlurmError) || !FORGOTTEN.test(error.said)) throw error;
    }
    const recorded = await askAccounting(id, signal);
    return recorded ?? readLeftovers(await readWord(files.exit), await readLastLines(files.log, 50));
  }

  async function askAccounting(id: string, signal: AbortSignal): Promise<JobState | null> {
    try {
      const format = '--format=State,ExitCode';
      const state = parseSacct(
        await call('sacct', ['--noheader', '--parsable2', '--allocations', `--jobs=${id}`, format], signal),
      );
      return state === null ? null : toJobState(state);
    } catch (error) {
      // Not installed, or not in use.
      if (error instanceof ConversionError) return null;
      if (error instanceof SlurmError && /accounting storage is disabled/i.test(error.said)) return null;
      throw error;
    }
  }

  async function submit(spec: JobSpec, signal: AbortSignal): Promise<Job> {
    const live = await find(spec.name, signal);
    if (live !== null) return live;
    const taken = await readWord(files.claim);
    if (taken !== null) return { id: taken, name: spec.name };
    await writeJobFiles(files, {
      script: renderScript(spec, profile, files),
      task: renderTask(spec, torchrun, files),
      environment: renderEnvironment(spec.environment),
    });
    // In a file name, sbatch reads %x as a pattern.
    const options = [
      '--parsable',
      `--export=${HANDED_ON.join(',')}`,
      `--output=${files.log.replaceAll('%', '%%')}`,
      `--chdir=${folder}`,
    ];
    const answer = await call('sbatch', [...options, files.script], signal).catch(translateRefusal);
    // With several clusters: `id;cluster`.
    const id = answer.trim().split('\n').at(-1)?.split(';')[0] ?? '';
    if (!/^\d+$/.test(id)) throw new SlurmError('sbatch', `expected the id of a job, found ${JSON.stringify(answer)}`);
    return { id, name: spec.name };
  }

  async function cancel(job: Job): Promise<void> {
    const ids = [...new Set([await theOne(job), job.id])];
    const started = performance.now();
    const passed = (): number => (performance.now() - started) / 1000;
    await call('scancel', ids, AbortSignal.timeout(LIMIT));
    for (let killed = false; ; await sleep(500)) {
      const states = await Promise.all(ids.map((id) => isThere(id)));
      if (!states.includes('yes') && (!states.includes('cleaning up') || passed() > GONE_AFTER)) return;
      if (passed() > GONE_AFTER)
        throw new SlurmError('scancel', `job ${ids.join(', ')} is still there after ${GONE_AFTER} s`);
      if (!killed && passed() > KILL_AFTER) {
        await call('scancel', ['--full', '--signal=KILL', ...ids], AbortSignal.timeout(LIMIT));
        killed = true;
      }
    }
  }

  async function isThere(id: string): Promise<'yes' | 'cleaning up' | 'no'> {
    try {
      const found = await call('squeue', ['--noheader', `--jobs=${id}`, '--format=%T'], AbortSignal.timeout(LIMIT));
      if (found.trim() === '') return 'no';
      return found.trim() === 'COMPLETING' ? 'cleaning up' : 'yes';
    } catch (error) {
      if (error instanceof SlurmError && FORGOTTEN.test(error.said)) return 'no';
      throw error;
    }
  }

  return {
    find,
    submit,
    poll: async (job, signal) => ask(await theOne(job), signal),
    cancel,
    tail: (_, lines) => readLastLines(files.log, lines),
  };
}

/** A request that Slurm will never grant is final; everything else is worth another attempt. */
function translateRefusal(error: unknown): never {
  if (!(error instanceof SlurmError) || UNREACHABLE.test(error.said) || !REFUSED.test(error.said)) throw error;
  const message = `Slurm refuses the job: ${error.said}\nCorrect the profile in the worker configuration.`;
  throw new ConversionError('SchedulerFailed', message, { problems: [message], facts: { final: true }, cause: error });
}
