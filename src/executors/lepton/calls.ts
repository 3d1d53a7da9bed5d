// The calls of Lepton's REST API that a job needs (leptonai 0.47.1, `api/v2/job.py`, `api/v2/dedicated_node_groups.py`).
import { z } from 'zod';
import { callApi, unexpected, type ApiAnswer, type ApiCall } from '../rest/call-api.ts';
import { readAnswer } from '../rest/read-answer.ts';
import { LeptonJob } from './states.ts';
import { TOKEN_HINT, type Workspace } from './workspace.ts';

/** Jobs of a page, as the client asks for them. */
const PAGE = 500;

const JobList = z.union([z.array(LeptonJob), z.looseObject({ jobs: z.array(LeptonJob).nullable() })]);
const NodeGroups = z.array(z.looseObject({ metadata: z.looseObject({ id: z.string(), name: z.string().nullish() }) }));
const Replicas = z.array(
  z.looseObject({ metadata: z.looseObject({ id: z.string().nullish() }), id: z.string().nullish() }),
);

/** Jobs that have not been removed and whose name contains `name`, of all pages. */
export async function listJobs(workspace: Workspace, name: string, signal?: AbortSignal): Promise<LeptonJob[]> {
  const jobs = new Map<string, LeptonJob>();
  for (let page = 1; ; page++) {
    const query = new URLSearchParams({
      job_query_mode: 'alive_only',
      q: name,
      page: String(page),
      page_size: String(PAGE),
    });
    const call = request(workspace, 'GET', `/jobs?${query.toString()}`, `look for the job ${name}`, signal);
    const list = readAnswer(workspace, call, await succeed(workspace, call), JobList);
    const found = Array.isArray(list) ? list : (list.jobs ?? []);
    const before = jobs.size;
    for (const job of found) jobs.set(job.metadata.id, job);
    // A server that knows no pages sends the same jobs again.
    if (found.length < PAGE || jobs.size === before) return [...jobs.values()];
  }
}

/** @throws ConversionError SchedulerFailed, final, where Lepton refuses the job; a plain Error where it is not known whether it took it. */
export async function createJob(workspace: Workspace, body: object, signal: AbortSignal): Promise<LeptonJob> {
  const call: ApiCall = { ...request(workspace, 'POST', '/jobs', 'submit the job', signal), body };
  const answer = await callApi(workspace, call);
  if (!isSuccess(answer)) throw unexpected(workspace, call, answer, TOKEN_HINT, true);
  return readAnswer(workspace, call, answer, LeptonJob);
}

/** Null where the workspace does not know the id, or no longer. */
export async function getJob(workspace: Workspace, id: string, signal?: AbortSignal): Promise<LeptonJob | null> {
  const path = `/jobs/${encodeURIComponent(id)}?job_query_mode=alive_and_archive`;
  const call = request(workspace, 'GET', path, `look at the job ${id}`, signal);
  const answer = await callApi(workspace, call);
  if (answer.status === 404) return null;
  if (!isSuccess(answer)) throw unexpected(workspace, call, answer, TOKEN_HINT);
  return readAnswer(workspace, call, answer, LeptonJob);
}

/** Its processes end, and the job stays to be read. False where there is no such job. */
export async function stopJob(workspace: Workspace, id: string): Promise<boolean> {
  const call: ApiCall = {
    ...request(workspace, 'PATCH', `/jobs/${encodeURIComponent(id)}`, `stop the job ${id}`),
    body: { spec: { stopped: true } },
  };
  return isKnown(workspace, call);
}

/** False where there is no such job. */
export async function deleteJob(workspace: Workspace, id: string): Promise<boolean> {
  const path = `/jobs/${encodeURIComponent(id)}?job_query_mode=alive_only`;
  return isKnown(workspace, request(workspace, 'DELETE', path, `remove the job ${id}`));
}

/** Ids of the processes of a job on its nodes, NAME-0-xxxxx first. */
export async function listReplicas(workspace: Workspace, id: string): Promise<string[]> {
  const path = `/jobs/${encodeURIComponent(id)}/replicas?job_query_mode=alive_and_archive`;
  const call = request(workspace, 'GET', path, `list the nodes of the job ${id}`);
  const answer = await callApi(workspace, call);
  if (answer.status === 404) return [];
  if (!isSuccess(answer)) throw unexpected(workspace, call, answer, TOKEN_HINT);
  const replicas = readAnswer(workspace, call, answer, Replicas);
  return replicas.flatMap((replica) => replica.metadata.id ?? replica.id ?? []).toSorted();
}

/** @throws ConversionError SchedulerFailed, final, naming the node groups that there are. */
export async function findNodeGroup(workspace: Workspace, wanted: string, signal: AbortSignal): Promise<string> {
  const call = request(workspace, 'GET', '/dedicated-node-groups', 'list the node groups', signal);
  const groups = readAnswer(workspace, call, await succeed(workspace, call), NodeGroups);
  const found = groups.find(({ metadata }) => metadata.name === wanted || metadata.id === wanted);
  if (found !== undefined) return found.metadata.id;
  const names = groups.map(({ metadata }) => metadata.name ?? metadata.id).join(', ');
  const text = `the workspace has no node group ${wanted}; it has ${names === '' ? 'none' : names}`;
  throw unexpected(workspace, { ...call, purpose: 'submit the job' }, { status: 404, text }, TOKEN_HINT, true);
}

export function request(
  workspace: Workspace,
  method: ApiCall['method'],
  path: string,
  purpose: string,
  signal?: AbortSignal,
): ApiCall {
  return { method, url: `${workspace.url}${path}`, purpose, signal };
}

async function succeed(workspace: Workspace, call: ApiCall): Promise<ApiAnswer> {
  const answer = await callApi(workspace, call);
  if (!isSuccess(answer)) throw unexpected(workspace, call, answer, TOKEN_HINT);
  return answer;
}

async function isKnown(workspace: Workspace, call: ApiCall): Promise<boolean> {
  const answer = await callApi(workspace, call);
  if (answer.status === 404) return false;
  if (!isSuccess(answer)) throw unexpected(workspace, call, answer, TOKEN_HINT);
  return true;
}

const isSuccess = ({ status }: ApiAnswer): boolean => status >= 200 && status < 300;
