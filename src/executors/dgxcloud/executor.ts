// Executor `dgxcloud`: a conversion's ranks as one workload of NVIDIA Run:ai on DGX Cloud, over its REST API.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DgxCloudProfile } from '../../contract/profile-dgxcloud.ts';
import { writeDurably } from '../../files/durable.ts';
import { readExitCode, readNodeLogs } from '../rest/node-logs.ts';
import { writeNodeScript } from '../rest/node-script.ts';
import { secretValues } from '../rest/secret-values.ts';
import { untilGone } from '../rest/until-gone.ts';
import type { Executor, Job, JobSpec } from '../types.ts';
import { findAccount } from './account.ts';
import { createWorkload, findProject, getWorkload, listWorkloads, suspendWorkload } from './calls.ts';
import { findNamedWorkload, hasEndedPhase, judgeWorkload, type Workload, type WorkloadKind } from './phases.ts';
import { openSession } from './session.ts';
import { composeWorkload, type Project } from './workload-body.ts';

/** Seconds that a suspended workload may take: pods have 30 to end by themselves. */
const STOP_SECONDS = 60;
/** A workload must go, whatever else is cancelled. */
const NEVER = new AbortController().signal;

/**
 * @param folder - scripts and logs of the job, on the file system that the worker and the job share.
 * @param environment - where the secret of the service account comes from.
 */
export function makeDgxCloudExecutor(
  profile: DgxCloudProfile,
  folder: string,
  environment: NodeJS.ProcessEnv = process.env,
): Executor {
  const session = openSession(findAccount(profile, environment));
  let known: Project | null = null;
  const findOwnProject = async (signal: AbortSignal): Promise<Project> =>
    (known ??= await findProject(session, profile.project_name, signal));
  const find = async (name: string, signal: AbortSignal): Promise<Job | null> => {
    const listed = await listWorkloads(session, name, await findOwnProject(signal), signal);
    const found = findNamedWorkload(listed, name);
    return found === null ? null : { id: `${found.kind ?? usualKind(profile.nodes)}/${found.id}`, name };
  };
  const end = async (job: Job): Promise<void> => {
    const [kind, id] = splitId(job);
    const isGone = async (): Promise<boolean> => hasEnded(await getWorkload(session, kind, id));
    if (await isGone()) return;
    if (!(await suspendWorkload(session, kind, id)) || (await untilGone(isGone, STOP_SECONDS))) return;
    throw new Error(`the DGX Cloud workload ${id} was suspended, and is still there after ${STOP_SECONDS} s`);
  };
  return {
    find,
    submit: async (spec: JobSpec, signal) => {
      const live = await find(spec.name, signal);
      if (live !== null) return live;
      const script = join(folder, 'node.sh');
      await writeDurably(script, `${writeNodeScript(spec, profile)}\n`);
      const kind = usualKind(spec.nodes);
      const body = composeWorkload(spec, profile, await findOwnProject(signal), script, randomUUID());
      return {
        id: `${kind}/${await createWorkload(session, kind, body, secretValues(spec), signal)}`,
        name: spec.name,
      };
    },
    poll: async (job, signal) => {
      const found = await getWorkload(session, ...splitId(job), signal);
      const exitCode = await readExitCode(folder);
      if (found !== null) return judgeWorkload(found, exitCode);
      if (exitCode === 0) return { state: 'done' };
      return { state: 'failed', end: 'lost', detail: 'Run:ai no longer knows the workload', exitCode };
    },
    cancel: async (job) => {
      await end(job);
      // Of two submissions at one moment, the other one.
      for (let other = await find(job.name, NEVER); other !== null; other = await find(job.name, NEVER))
        await end(other);
    },
    // Run:ai has no call for logs; its pods write theirs into the folder.
    tail: (_job, lines) => readNodeLogs(folder, lines),
  };
}

const usualKind = (nodes: number): WorkloadKind => (nodes > 1 ? 'distributed' : 'trainings');

/** A job's id is KIND/UUID: the two kinds are two resources of the API. */
function splitId({ id }: Job): [WorkloadKind, string] {
  const [kind, uuid = ''] = id.split('/', 2);
  return [kind === 'distributed' ? 'distributed' : 'trainings', uuid];
}

const hasEnded = (workload: Workload | null): boolean =>
  workload === null || hasEndedPhase(workload.actualPhase ?? workload.phase);
