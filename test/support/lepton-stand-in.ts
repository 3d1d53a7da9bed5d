// A Lepton workspace on the loopback interface: its job calls, strictly, with jobs that really run as processes of this machine.
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { startCloudServer, type Answer, type CloudServer, type Question } from './cloud-server.ts';
import { startNodes, type Nodes } from './cloud-nodes.ts';
import { LeptonJobRequest, LIST_PARAMETERS } from './lepton-contract.ts';

export interface StandInJob {
  readonly id: string;
  readonly request: LeptonJobRequest;
  readonly createdAt: number;
  state: string;
  nodes: Nodes | null;
}

export interface LeptonStandIn extends CloudServer {
  readonly token: string;
  readonly jobs: StandInJob[];
  /** The environment of a worker of this workspace. */
  readonly environment: Readonly<Record<string, string>>;
  /** What somebody does in the dashboard. */
  readonly stop: (job: StandInJob) => Promise<void>;
}

interface Options {
  /** Milliseconds in Queueing and in Starting. */
  readonly queueMs?: number;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly nodeGroups?: Readonly<Record<string, string>>;
  /** Milliseconds until a new job is listed. */
  readonly unlistedMs?: number;
  /** Milliseconds that a stopped node has to end by itself. */
  readonly graceMs?: number;
}

const QUERY_MODES = new Set(['alive_only', 'archive_only', 'alive_and_archive']);

export async function startLepton(options: Options = {}): Promise<LeptonStandIn> {
  const token = `nvapi-${randomBytes(24).toString('base64url')}`;
  const jobs: StandInJob[] = [];
  const workspace = { options, jobs, token };
  const server = await startCloudServer((question) => answer(workspace, question));
  return {
    ...server,
    token,
    jobs,
    environment: { LEPTON_WORKSPACE_ID: 'standin', LEPTON_WORKSPACE_TOKEN: token, LEPTON_WORKSPACE_URL: server.url },
    stop: (job) => stop(workspace, job),
    close: async () => {
      await server.close();
      for (const job of jobs) await job.nodes?.end(0);
    },
  };
}

interface Workspace {
  readonly options: Options;
  readonly jobs: StandInJob[];
  readonly token: string;
}

function answer(workspace: Workspace, question: Question): Answer {
  if (question.authorization !== `Bearer ${workspace.token}`) return failure(401, 'invalid token');
  const { method, path, query } = question;
  const mode = query.get('job_query_mode');
  if (mode !== null && !QUERY_MODES.has(mode)) return failure(400, `no job_query_mode ${mode}`);
  if (method === 'GET' && path === '/dedicated-node-groups') return { status: 200, body: listGroups(workspace) };
  if (method === 'GET' && path === '/jobs') return list(workspace, query);
  if (method === 'POST' && path === '/jobs') return create(workspace, question.body);
  const [, id = '', replica] = /^\/jobs\/([^/]+)(?:\/replicas(?:\/([^/]+)\/log)?)?$/.exec(path) ?? [];
  const job = workspace.jobs.find((other) => other.id === id && (mode !== 'alive_only' || other.state !== 'Deleted'));
  if (job === undefined) return failure(404, `job ${id} not found`);
  if (method === 'GET' && replica !== undefined)
    return { status: 200, stream: (response) => streamLog(job, replica, response) };
  if (method === 'GET' && path.endsWith('/replicas')) return { status: 200, body: listReplicas(job) };
  if (method === 'GET') return { status: 200, body: show(job) };
  if (method === 'PATCH') return patch(workspace, job, question.body);
  if (method === 'DELETE') return remove(workspace, job);
  return failure(405, 'method not allowed');
}

function create({ options, jobs }: Workspace, body: unknown): Answer {
  const parsed = LeptonJobRequest.safeParse(body);
  if (!parsed.success) return failure(400, `${parsed.error.message} in ${JSON.stringify(body)}`);
  const { metadata, spec } = parsed.data;
  const groups = Object.values(options.nodeGroups ?? {});
  const unknown = (spec.affinity?.allowed_dedicated_node_groups ?? []).filter((id) => !groups.includes(id));
  if (unknown.length > 0) return failure(400, `no node group ${unknown.join(', ')}`);
  const secrets = options.secrets ?? {};
  const missing = (spec.envs ?? []).flatMap(({ value_from: from }) => {
    return from && !Object.hasOwn(secrets, from.secret_name_ref) ? [from.secret_name_ref] : [];
  });
  if (missing.length > 0) return failure(400, `no secret ${missing.join(', ')}`);
  const id = `${metadata.id.slice(0, 36)}-${randomBytes(2).toString('hex')}`;
  const job: StandInJob = { id, request: parsed.data, createdAt: Date.now(), state: 'Queueing', nodes: null };
  jobs.push(job);
  const step = options.queueMs ?? 50;
  setTimeout(() => {
    if (job.state !== 'Queueing') return;
    job.state = 'Starting';
    // Two timers side by side may fire in any order on a machine under load.
    setTimeout(() => {
      if (job.state === 'Starting') run(job, secrets);
    }, step);
  }, step);
  return { status: 201, body: show(job) };
}

function run(job: StandInJob, secrets: Readonly<Record<string, string>>): void {
  const { container, completions, envs } = job.request.spec;
  const variables = Object.fromEntries(
    (envs ?? []).map(({ name, value, value_from: from }) => [
      name,
      value ?? secrets[from?.secret_name_ref ?? ''] ?? '',
    ]),
  );
  job.nodes = startNodes(
    container.command,
    Array.from({ length: completions }, (_, index) => ({
      LEPTON_JOB_NAME: job.id,
      LEPTON_JOB_WORKER_INDEX: String(index),
      LEPTON_JOB_TOTAL_WORKERS: String(completions),
      LEPTON_JOB_SERVICE_PREFIX: job.id,
      LEPTON_SUBDOMAIN: `${job.id}-job-svc`,
      ...variables,
    })),
  );
  job.state = 'Running';
  void settle(job, job.nodes);
}

async function settle(job: StandInJob, { ended }: Nodes): Promise<void> {
  const codes = await ended;
  if (job.state === 'Running') job.state = codes.every((code) => code === 0) ? 'Completed' : 'Failed';
}

function patch(workspace: Workspace, job: StandInJob, body: unknown): Answer {
  if (JSON.stringify(body) !== '{"spec":{"stopped":true}}') return failure(400, 'only spec.stopped can be changed');
  void stop(workspace, job);
  return { status: 200, body: show(job) };
}

async function stop({ options }: Workspace, job: StandInJob, state = 'Stopped'): Promise<void> {
  if (state === 'Stopped' && (job.state === 'Completed' || job.state === 'Failed')) return;
  job.state = 'Stopping';
  await job.nodes?.end(options.graceMs ?? 5000);
  job.state = state;
}

function remove(workspace: Workspace, job: StandInJob): Answer {
  void stop(workspace, job, 'Deleted');
  return { status: 200, body: show(job) };
}

function list({ jobs, options: { unlistedMs = 0 } }: Workspace, query: URLSearchParams): Answer {
  const unknown = [...query.keys()].filter((key) => !LIST_PARAMETERS.has(key));
  if (unknown.length > 0) return failure(400, `no parameter ${unknown.join(', ')}`);
  const size = Number(query.get('page_size') ?? 100);
  const page = Number(query.get('page') ?? 1);
  const found = jobs.filter(({ id, state, createdAt }) => {
    return state !== 'Deleted' && id.includes(query.get('q') ?? '') && Date.now() - createdAt >= unlistedMs;
  });
  return { status: 200, body: { jobs: found.slice((page - 1) * size, page * size).map(show), total: found.length } };
}

function show(job: StandInJob): object {
  const { metadata, spec } = job.request;
  const active = job.state === 'Running' ? spec.parallelism : 0;
  return {
    metadata: { ...metadata, id: job.id, created_at: job.createdAt },
    spec,
    status: { job_name: job.id, state: job.state, ready: active, active, failed: job.state === 'Failed' ? 1 : 0 },
  };
}

const replicaId = (job: StandInJob, node: number): string => `${job.id}-${node}-abcde`;

function listReplicas(job: StandInJob): object[] {
  return Array.from({ length: job.nodes === null ? 0 : job.request.spec.completions }, (_, node) => {
    const id = replicaId(job, node);
    return { id, metadata: { id }, status: { public_ip: null } };
  });
}

function streamLog(job: StandInJob, replica: string, response: ServerResponse): void {
  const node = Number(replica.slice(job.id.length + 1).split('-')[0]);
  response.write(job.nodes?.output(node) ?? '');
  if (job.state !== 'Running') return void response.end();
  job.nodes?.follow(node, (text) => response.write(text));
  void job.nodes?.ended.then(() => response.end());
}

function listGroups({ options }: Workspace): object[] {
  return Object.entries(options.nodeGroups ?? {}).map(([name, id]) => ({
    metadata: { id, name },
    spec: {},
    status: {},
  }));
}

const failure = (status: number, message: string): Answer => ({ status, body: { code: status, message } });
