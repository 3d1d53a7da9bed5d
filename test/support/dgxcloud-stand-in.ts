// A Run:ai control plane on the loopback interface: tokens, projects and workloads, strictly, with workloads that really run.
import { randomBytes, randomUUID } from 'node:crypto';
import { startCloudServer, type Answer, type CloudServer, type Question } from './cloud-server.ts';
import { findFreePort, startNodes, type Nodes } from './cloud-nodes.ts';
import { LIST_PARAMETERS, WorkloadRequests, type WorkloadRequest } from './dgxcloud-contract.ts';

export interface StandInWorkload {
  readonly id: string;
  readonly kind: 'trainings' | 'distributed';
  readonly name: string;
  readonly request: WorkloadRequest;
  readonly createdAt: string;
  phase: string;
  nodes: Nodes | null;
}

export interface DgxCloudStandIn extends CloudServer {
  readonly workloads: StandInWorkload[];
  /** The environment of a worker. */
  readonly environment: Readonly<Record<string, string>>;
  /** Makes every token that was given invalid. */
  readonly expireTokens: () => void;
  /** What somebody does in the UI. */
  readonly suspend: (workload: StandInWorkload) => Promise<void>;
}

interface Options {
  /** Milliseconds in Creating and in Pending. */
  readonly queueMs?: number;
  /** Milliseconds until a new workload is listed. */
  readonly unlistedMs?: number;
  /** Milliseconds that a suspended pod has to end by itself. */
  readonly graceMs?: number;
  /** What tokens say of themselves; null: nothing. */
  readonly tokenSeconds?: number | null;
  /** The control plane of nemo-run: suspend is a GET, and there is no POST. */
  readonly suspendsByGet?: boolean;
  readonly secrets?: Readonly<Record<string, string>>;
}

const CLIENT = { id: 'megatron-to-hf', secret: 'rs-0123456789-secret' };
const PROJECTS = [
  { id: '17', name: 'research', clusterId: '71f69d83-ba66-4822-adf5-55ce55efd210' },
  { id: '18', name: 'production', clusterId: '0d0e5e4d-3f1c-4f5a-9a39-0a4f1a3c1e11' },
];

interface Cloud {
  readonly options: Options;
  readonly workloads: StandInWorkload[];
  readonly tokens: Set<string>;
}

export async function startDgxCloud(options: Options = {}): Promise<DgxCloudStandIn> {
  const cloud: Cloud = { options, workloads: [], tokens: new Set() };
  const server = await startCloudServer((question) => answer(cloud, question));
  return {
    ...server,
    workloads: cloud.workloads,
    environment: {
      DGXCLOUD_BASE_URL: `${server.url}/api/v1`,
      DGXCLOUD_CLIENT_ID: CLIENT.id,
      DGXCLOUD_CLIENT_SECRET: CLIENT.secret,
    },
    expireTokens: () => {
      cloud.tokens.clear();
    },
    suspend: (workload) => suspend(cloud, workload),
    close: async () => {
      await server.close();
      for (const workload of cloud.workloads) await workload.nodes?.end(0);
    },
  };
}

function answer(cloud: Cloud, question: Question): Answer {
  const { method, query } = question;
  if (!question.path.startsWith('/api/v1/')) return failure(404, 'no such route');
  const path = question.path.slice('/api/v1'.length);
  if (method === 'POST' && path === '/token') return grantToken(cloud, question.body);
  if (!cloud.tokens.has(question.authorization.replace(/^Bearer /, ''))) return failure(401, 'Issuer is not familiar.');
  if (method === 'GET' && path === '/org-unit/projects') return { status: 200, body: { projects: PROJECTS } };
  if (method === 'GET' && path === '/workloads') return list(cloud, query);
  const [, kind, id, action] = /^\/workloads\/(trainings|distributed)(?:\/([^/]+)(?:\/(suspend))?)?$/.exec(path) ?? [];
  if (kind !== 'trainings' && kind !== 'distributed') return failure(404, 'no such route');
  if (id === undefined)
    return method === 'POST' ? create(cloud, kind, question.body) : failure(405, 'method not allowed');
  const workload = cloud.workloads.find((other) => other.id === id && other.kind === kind);
  if (workload === undefined) return failure(404, 'Resource id not found.');
  if (action === 'suspend') {
    if (method !== (cloud.options.suspendsByGet ? 'GET' : 'POST')) return failure(405, 'method not allowed');
    void suspend(cloud, workload);
    return { status: 202, body: { code: 202, message: 'Request has been accepted.' } };
  }
  return method === 'GET' ? { status: 200, body: show(workload) } : failure(405, 'method not allowed');
}

function grantToken({ tokens, options }: Cloud, body: unknown): Answer {
  const wanted = { grantType: 'client_credentials', clientId: CLIENT.id, clientSecret: CLIENT.secret };
  if (JSON.stringify(body) !== JSON.stringify(wanted))
    return failure(401, `client is not known: ${JSON.stringify(body)}`);
  const accessToken = `ey${randomBytes(24).toString('base64url')}`;
  tokens.add(accessToken);
  const { tokenSeconds = 3600 } = options;
  return { status: 200, body: { accessToken, ...(tokenSeconds === null ? {} : { expiresIn: tokenSeconds }) } };
}

function create(cloud: Cloud, kind: StandInWorkload['kind'], body: unknown): Answer {
  const parsed = WorkloadRequests[kind].safeParse(body);
  if (!parsed.success) return failure(400, `${parsed.error.message} in ${JSON.stringify(body)}`);
  const request: WorkloadRequest = parsed.data;
  const project = PROJECTS.find(({ id }) => id === request.projectId);
  if (project?.clusterId !== request.clusterId) return failure(400, 'no such project in this cluster');
  const missing = (request.spec.environmentVariables ?? []).flatMap(({ secret }) => {
    return secret && !Object.hasOwn(cloud.options.secrets ?? {}, `${secret.name}:${secret.key}`) ? [secret.name] : [];
  });
  if (missing.length > 0) return failure(400, `no secret ${missing.join(', ')}`);
  const name = request.useGivenNameAsPrefix ? `${request.name}-${randomBytes(3).toString('hex')}` : request.name;
  if (cloud.workloads.some((other) => other.name === name)) return failure(409, `${name} exists`);
  const workload: StandInWorkload = {
    id: randomUUID(),
    kind,
    name,
    request,
    createdAt: new Date().toISOString(),
    phase: 'Creating',
    nodes: null,
  };
  cloud.workloads.push(workload);
  const step = cloud.options.queueMs ?? 50;
  setTimeout(() => {
    if (workload.phase !== 'Creating') return;
    workload.phase = 'Pending';
    // Two timers side by side may fire in any order on a machine under load.
    setTimeout(() => {
      if (workload.phase === 'Pending') void run(cloud, workload);
    }, step);
  }, step);
  return { status: 202, body: show(workload) };
}

async function run({ options }: Cloud, workload: StandInWorkload): Promise<void> {
  const { spec } = workload.request;
  const variables = Object.fromEntries(
    (spec.environmentVariables ?? []).map(({ name, value, secret }) => [
      name,
      value ?? options.secrets?.[`${secret?.name ?? ''}:${secret?.key ?? ''}`] ?? '',
    ]),
  );
  const nodes = spec.numWorkers ?? 1;
  const port = await findFreePort();
  if (workload.phase !== 'Pending') return;
  workload.nodes = startNodes(
    ['/bin/bash', '-c', `exec ${spec.command} ${spec.args ?? ''}`],
    Array.from({ length: nodes }, (_, index) => ({
      ...(nodes > 1 ? elasticVariables(index, nodes, port) : {}),
      ...variables,
    })),
  );
  workload.phase = 'Running';
  void settle(workload, workload.nodes);
}

async function settle(workload: StandInWorkload, { ended }: Nodes): Promise<void> {
  const codes = await ended;
  if (workload.phase === 'Running') workload.phase = codes.every((code) => code === 0) ? 'Completed' : 'Failed';
}

/** What an elastic PyTorchJob sets on its pods. */
function elasticVariables(index: number, nodes: number, port: number): Record<string, string> {
  const meeting = { PET_RDZV_BACKEND: 'c10d', PET_RDZV_ENDPOINT: `127.0.0.1:${port}`, PET_RDZV_ID: 'standin' };
  return { HOSTNAME: `standin-worker-${index}`, PET_NNODES: `${nodes}:${nodes}`, ...meeting };
}

async function suspend({ options }: Cloud, workload: StandInWorkload): Promise<void> {
  if (workload.phase === 'Completed' || workload.phase === 'Failed') return;
  workload.phase = 'Stopping';
  await workload.nodes?.end(options.graceMs ?? 5000);
  workload.phase = 'Stopped';
}

function list({ workloads, options: { unlistedMs = 0 } }: Cloud, query: URLSearchParams): Answer {
  const unknown = [...query.keys()].filter((key) => !LIST_PARAMETERS.has(key));
  if (unknown.length > 0) return failure(400, `no parameter ${unknown.join(', ')}`);
  const limit = Number(query.get('limit') ?? 50);
  if (!(limit >= 1 && limit <= 500)) return failure(400, 'limit must be from 1 to 500');
  const filters = (query.get('filterBy') ?? '').split(',').filter((filter) => filter !== '');
  const parsed = filters.map((filter) => /^(name|projectId)(==|=\^)(.+)$/.exec(filter));
  if (parsed.includes(null)) return failure(400, 'filterBy is not understood');
  const listedOnes = workloads.filter(({ createdAt }) => Date.now() - Date.parse(createdAt) >= unlistedMs);
  const found = listedOnes.filter((workload) =>
    parsed.every((filter) => {
      const value = filter?.[1] === 'name' ? workload.name : workload.request.projectId;
      return filter?.[2] === '==' ? value === filter[3] : value.startsWith(filter?.[3] ?? '');
    }),
  );
  const offset = Number(query.get('offset') ?? 0);
  return { status: 200, body: { next: offset + limit, workloads: found.slice(offset, offset + limit).map(listed) } };
}

function listed({ id, kind, name, request, phase, createdAt }: StandInWorkload): object {
  const { projectId, clusterId } = request;
  const type = kind === 'distributed' ? 'Distributed' : 'Training';
  return {
    id,
    type,
    name,
    projectId,
    clusterId,
    phase,
    createdAt,
    ...(kind === 'distributed' ? { distributedFramework: 'Pytorch' } : {}),
  };
}

function show({ id, name, request, phase, createdAt }: StandInWorkload): object {
  const { name: requestedName, projectId, clusterId, spec } = request;
  const meta = { name, requestedName, workloadId: id, projectId, clusterId, createdBy: 'test@lab.com', createdAt };
  return { ...meta, desiredPhase: 'Running', actualPhase: phase, spec };
}

const failure = (status: number, message: string): Answer => ({ status, body: { code: status, message } });
