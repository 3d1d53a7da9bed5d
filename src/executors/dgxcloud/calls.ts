// The calls of Run:ai's REST API that a workload needs (Run:ai OpenAPI; nemo-run `core/execution/dgxcloud.py`).
import { z } from 'zod';
import { unexpected, type Api, type ApiAnswer, type ApiCall } from '../rest/call-api.ts';
import { readAnswer } from '../rest/read-answer.ts';
import { ListedWorkload, Workload, type WorkloadKind } from './phases.ts';
import type { Session } from './session.ts';
import type { Project } from './workload-body.ts';

/** The most that the API gives at once. */
const PAGE = 500;

const Projects = z.looseObject({
  projects: z.array(
    z.looseObject({ id: z.union([z.string(), z.number()]), name: z.string(), clusterId: z.string().nullish() }),
  ),
});
const Workloads = z.looseObject({ workloads: z.array(ListedWorkload).nullable() });

type Asked = Awaited<ReturnType<Session['call']>>;

/** @throws ConversionError SchedulerFailed, final, naming the projects that the account sees. */
export async function findProject(session: Session, wanted: string, signal: AbortSignal): Promise<Project> {
  const asked = await session.call({ method: 'GET', path: '/org-unit/projects', purpose: 'list the projects', signal });
  const { projects } = readSuccess(session, asked, Projects);
  const found = projects.find(({ name }) => name === wanted);
  if (found?.clusterId != null) return { projectId: String(found.id), clusterId: found.clusterId };
  const names = projects.map(({ name }) => name).join(', ');
  const text =
    found === undefined
      ? `the account sees no project ${wanted}; it sees ${names === '' ? 'none' : names}`
      : `the project ${wanted} has no cluster`;
  const call = { ...asked.call, purpose: 'submit the workload' };
  throw unexpected(asked.api, call, { status: 404, text }, session.hint, true);
}

/** Workloads of the project whose name begins with `name`, of all pages. */
export async function listWorkloads(
  session: Session,
  name: string,
  { projectId }: Project,
  signal: AbortSignal,
): Promise<ListedWorkload[]> {
  const workloads = new Map<string, ListedWorkload>();
  for (let offset = 0; ; offset += PAGE) {
    const query = new URLSearchParams({
      filterBy: `projectId==${projectId},name=^${name}`,
      limit: String(PAGE),
      offset: String(offset),
    });
    const path = `/workloads?${query.toString()}`;
    const asked = await session.call({ method: 'GET', path, purpose: `look for the workload ${name}`, signal });
    const found = readSuccess(session, asked, Workloads).workloads ?? [];
    const before = workloads.size;
    for (const workload of found) workloads.set(workload.id, workload);
    if (found.length < PAGE || workloads.size === before) return [...workloads.values()];
  }
}

/** @throws ConversionError SchedulerFailed, final, where Run:ai refuses it; a plain Error where it is not known whether it took it. */
export async function createWorkload(
  session: Session,
  kind: WorkloadKind,
  body: object,
  secrets: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const request = { method: 'POST', path: `/workloads/${kind}`, purpose: 'submit the workload', body, signal } as const;
  const { api, call, answer } = await session.call(request, secrets);
  if (answer.status !== 200 && answer.status !== 202) throw unexpected(api, call, answer, session.hint, true);
  const { workloadId } = readAnswer(api, call, answer, Workload);
  if (workloadId == null)
    throw new Error(`${api.name} answered without a workloadId when asked to submit the workload`);
  return workloadId;
}

/** Null where Run:ai does not know the workload, or no longer. */
export async function getWorkload(
  session: Session,
  kind: WorkloadKind,
  id: string,
  signal?: AbortSignal,
): Promise<Workload | null> {
  const path = `/workloads/${kind}/${encodeURIComponent(id)}`;
  const asked = await session.call({ method: 'GET', path, purpose: `look at the workload ${id}`, signal });
  return asked.answer.status === 404 ? null : readSuccess(session, asked, Workload);
}

/**
 * Ends its pods; the workload stays to be read. POST in Run:ai's OpenAPI; nemo-run asks with GET, so a control plane that does not know
 * the POST is asked that way. False where there is no such workload.
 */
export async function suspendWorkload(session: Session, kind: WorkloadKind, id: string): Promise<boolean> {
  const path = `/workloads/${kind}/${encodeURIComponent(id)}/suspend`;
  const purpose = `stop the workload ${id}`;
  const posted = await session.call({ method: 'POST', path, purpose });
  const asked = UNKNOWN_METHOD.has(posted.answer.status)
    ? await session.call({ method: 'GET', path, purpose })
    : posted;
  if (asked.answer.status === 404) return false;
  if (!isSuccess(asked.answer)) throw unexpected(asked.api, asked.call, asked.answer, session.hint);
  return true;
}

function readSuccess<S extends z.ZodType>(session: Session, asked: Asked, schema: S): z.output<S> {
  const { api, call, answer }: { api: Api; call: ApiCall; answer: ApiAnswer } = asked;
  if (!isSuccess(answer)) throw unexpected(api, call, answer, session.hint);
  return readAnswer(api, call, answer, schema);
}

/** A server without this route says that there is no such thing, or that it is not done so. */
const UNKNOWN_METHOD = new Set([404, 405]);

const isSuccess = ({ status }: ApiAnswer): boolean => status >= 200 && status < 300;
