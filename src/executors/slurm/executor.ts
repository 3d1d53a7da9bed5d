// The executor `slurm`: one batch job for each attempt.
import { setTimeout as sleep } from 'node:timers/promises';
import { ConversionError } from '../../contract/failures.ts';
import type { SlurmProfile } from '../../contract/profile-slurm.ts';
import type { Executor, Job, JobSpec, JobState } from '../types.ts';
import { callSlurm, SlurmError } from './commands.ts';
import { jobFiles, readLastLines, readWord, removeEnvironment, writeJobFiles } from './job-files.ts';
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
const UNREACHABLE =
  /unable to contact|connect|timed out|timeout|temporarily|no answer|communication|zero bytes|munge|authentication/i;
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
  const theOne = async (job: Job): Promise<string> => (await claimant()) ?? job.id;
  /** Whatever stands in a file of staging is not handed to scancel unseen. */
  const claimant = async (): Promise<string | null> => /^\d+$/.exec((await readWord(files.claim)) ?? '')?.[0] ?? null;

  async function find(name: string, signal: AbortSignal): Promise<Job | null> {
    const lines = (await call('squeue', ['--me', '--noheader', `--name=${name}`, '--format=%i %T'], signal)).split(
      '\n',
    );
    // A job that has ended may be COMPLETING for long, while its nodes clean up.
    const ids = lines.flatMap((line) => (/^\d+ (?!COMPLETING)/.test(line) ? [parseInt(line, 10)] : []));
    const id = ids.length === 0 ? undefined : String(Math.min(...ids));
    return id === undefined ? null : { id, name };
  }

  async function ask({ id, name }: Job, signal: AbortSignal): Promise<JobState> {
    try {
      const state = parseScontrol(await call('scontrol', ['--oneliner', 'show', 'job', id], signal), name, folder);
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
    const taken = await claimant();
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
      // Stronger than any line of the script: the job is found by its name, and comes once.
      `--job-name=${spec.name}`,
      '--no-requeue',
    ];
    const answer = await call('sbatch', [...options, files.script], signal).catch(refuse);
    // With several clusters: `id;cluster`.
    const id = answer.trim().split('\n').at(-1)?.split(';')[0] ?? '';
    if (!/^\d+$/.test(id)) throw new SlurmError('sbatch', `expected the id of a job, found ${JSON.stringify(answer)}`);
    return { id, name: spec.name };
  }

  /** Of a job that Slurm refuses, nothing is left for anybody to read. */
  async function refuse(error: unknown): Promise<never> {
    const refusal = translateRefusal(error);
    if (refusal !== null) await removeEnvironment(files);
    throw refusal ?? error;
  }

  async function cancel(job: Job): Promise<void> {
    await cancelAll([...new Set([await theOne(job), job.id])]);
    await removeEnvironment(files);
  }

  async function cancelAll(ids: readonly string[]): Promise<void> {
    const started = performance.now();
    const passed = (): number => (performance.now() - started) / 1000;
    await call('scancel', ids, AbortSignal.timeout(LIMIT)).catch((error: unknown) => {
      // Some versions say so of a job that has ended; whether it is there is asked below.
      if (!(error instanceof SlurmError) || !FORGOTTEN.test(error.said)) throw error;
    });
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
    async poll(job, signal) {
      const state = await ask({ ...job, id: await theOne(job) }, signal);
      const isOver = state.state === 'done' || (state.state === 'failed' && state.end !== 'lost');
      if (isOver) await removeEnvironment(files);
      return state;
    },
    cancel,
    tail: (_, lines) => readLastLines(files.log, lines),
  };
}

/** A request that Slurm will never grant is final; null for everything else, which is worth another attempt. */
function translateRefusal(error: unknown): ConversionError | null {
  if (!(error instanceof SlurmError) || UNREACHABLE.test(error.said) || !REFUSED.test(error.said)) return null;
  const message = `Slurm refuses the job: ${error.said}\nCorrect the profile in the worker configuration.`;
  return new ConversionError('SchedulerFailed', message, {
    problems: [message],
    facts: { final: true },
    cause: error,
  });
}
