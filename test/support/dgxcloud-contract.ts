// The fields of a Run:ai workload as its OpenAPI types them, refusing all others.
import { z } from 'zod';

const Variable = z.strictObject({
  name: z.string().min(1),
  value: z.string().nullish(),
  secret: z
    .strictObject({ name: z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/), key: z.string().min(1) })
    .nullish(),
  exclude: z.boolean().nullish(),
  description: z.string().nullish(),
});

const Claim = z.strictObject({
  name: z.string().min(1).nullish(),
  path: z.string().min(1),
  existingPvc: z.boolean().nullish(),
  claimName: z.string().min(1).max(63).nullish(),
  readOnly: z.boolean().nullish(),
  ephemeral: z.boolean().nullish(),
});

const Spec = z.strictObject({
  command: z.string().min(1),
  args: z.string().min(1).max(10_000).nullish(),
  image: z.string().min(1),
  backoffLimit: z.int().nullish(),
  restartPolicy: z.enum(['Always', 'Never', 'OnFailure']).nullish(),
  nodePools: z.array(z.string()).nullish(),
  priorityClass: z.string().nullish(),
  compute: z
    .strictObject({
      gpuDevicesRequest: z.int().min(0).nullish(),
      largeShmRequest: z.boolean().nullish(),
      cpuCoreRequest: z.number().nullish(),
      cpuMemoryRequest: z.string().nullish(),
    })
    .nullish(),
  storage: z.strictObject({ pvc: z.array(Claim).nullish() }).nullish(),
  environmentVariables: z.array(Variable).nullish(),
});

const Several = Spec.extend({
  distributedFramework: z.enum(['MPI', 'PyTorch', 'TF', 'XGBoost', 'JAX']),
  minReplicas: z.int().nullish(),
  maxReplicas: z.int().nullish(),
  numWorkers: z.int().min(1),
});

const Meta = {
  /** nemo-run cuts names to 34 characters, since the service refuses longer ones. */
  name: z
    .string()
    .max(34)
    .regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/),
  useGivenNameAsPrefix: z.boolean().default(false),
  projectId: z.string(),
  clusterId: z.uuid(),
};

export const WorkloadRequests = {
  trainings: z.strictObject({ ...Meta, spec: Spec }),
  distributed: z.strictObject({ ...Meta, spec: Several }),
} as const;

export interface WorkloadRequest extends Omit<z.output<(typeof WorkloadRequests)['trainings']>, 'spec'> {
  readonly spec: z.output<typeof Spec> & Partial<z.output<typeof Several>>;
}

/** Parameters of `GET /workloads`. */
export const LIST_PARAMETERS = new Set(['deleted', 'offset', 'limit', 'sortOrder', 'sortBy', 'filterBy', 'search']);
