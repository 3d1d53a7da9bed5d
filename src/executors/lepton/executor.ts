// Executor `lepton`: a conversion's ranks as one job on DGX Cloud Lepton, over its REST API.
import { randomUUID } from 'node:crypto';
import type { LeptonProfile } from '../../contract/profile-lepton.ts';
import { readExitCode, readNodeLogs } from '../rest/node-logs.ts';
import { secretValues } from '../rest/secret-values.ts';
import { untilGone } from '../rest/until-gone.ts';
import type { Executor, Job, JobSpec } from '../types.ts';
import { createJob, deleteJob, findNodeGroup, getJob, listJobs, stopJob } from './calls.ts';
import { composeLeptonJob } from './job-body.ts';
import { readLeptonLog } from './read-log.ts';
import { findNamed, isLive, judgeLeptonJob, type LeptonJob } from './states.ts';
import { findWorkspace } from './workspace.ts';

/** Seconds that a stopped job may take; a job that is still there is removed, and gets as long again. */
const STOP_SECONDS = 40;
/** A job must go, whatever else is cancelled. */
const NEVER = new AbortController().signal;

/**
 * @param folder - scripts and logs of the job, on the file system that the worker and the job share.
 * @param environment - where the workspace and its token come from.
 */
export function makeLeptonExecutor(
  profile: LeptonProfile,
  folder: string,
  environment: NodeJS.ProcessEnv = process.env,
): Executor {
  const workspace = findWorkspace(environment);
  const find = async (name: string, signal: AbortSignal): Promise<Job | null> => {
    const found = findNamed(await listJobs(workspace, name, signal), name);
    return found === null ? null : { id: found.metadata.id, name };
  };
  const end = async (id: string): Promise<void> => {
    const isGone = async (): Promise<boolean> => hasEnded(await getJob(workspace, id));
    if (await isGone()) return;
    if (!(await stopJob(workspace, id)) || (await untilGone(isGone, STOP_SECONDS))) return;
    if (!(await deleteJob(workspace, id)) || (await untilGone(isGone, STOP_SECONDS))) return;
    throw new Error(`the Lepton job ${id} was stopped and removed, and is still there`);
  };
  return {
    find,
    submit: async (spec: JobSpec, signal) => {
      const live = await find(spec.name, signal);
      if (live !== null) return live;
      const group = profile.node_group == null ? null : await findNodeGroup(workspace, profile.node_group, signal);
      const masking = { ...workspace, secrets: [...workspace.secrets, ...secretValues(spec)] };
      const created = await createJob(masking, composeLeptonJob(spec, profile, group, randomUUID()), signal);
      return { id: created.metadata.id, name: spec.name };
    },
    poll: async (job, signal) => {
      const found = await getJob(workspace, job.id, signal);
      if (found !== null) return judgeLeptonJob(found, await readExitCode(folder));
      const exitCode = await readExitCode(folder);
      if (exitCode === 0) return { state: 'done' };
      return { state: 'failed', end: 'lost', detail: 'Lepton no longer knows the job', exitCode };
    },
    cancel: async ({ id, name }) => {
      await end(id);
      // Of two submissions at one moment, the other one.
      for (let other = await find(name, NEVER); other !== null; other = await find(name, NEVER)) await end(other.id);
    },
    tail: async ({ id }, lines) => {
      const written = await readNodeLogs(folder, lines);
      return written.length > 0 ? written : readLeptonLog(workspace, id, lines);
    },
  };
}

/** Stopping and Deleting are not the end: processes may still run. */
function hasEnded(job: LeptonJob | null): boolean {
  if (job === null) return true;
  const { state } = judgeLeptonJob(job, null);
  return !isLive(job) && state !== 'running' && state !== 'pending';
}
