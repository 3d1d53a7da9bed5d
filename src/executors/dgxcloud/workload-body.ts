// What is posted to Run:ai to create a workload. Pure.
import type { DgxCloudProfile } from '../../contract/profile-dgxcloud.ts';
import { SUBMISSION_VARIABLE } from '../rest/node-script.ts';
import { quote } from '../quote.ts';
import type { JobSpec } from '../types.ts';

export interface Project {
  readonly projectId: string;
  readonly clusterId: string;
}

/**
 * The fields of nemo-run's `DGXCloudExecutor` and of Run:ai's OpenAPI. A failed workload is not retried by Run:ai: the next attempt of
 * the run is the retry, and it knows which files are finished.
 *
 * @param submission - another one for each submission.
 * @param script - path of the node script, as worker and job see it: `command` is split into words and has room for little.
 */
export function composeWorkload(
  spec: JobSpec,
  profile: DgxCloudProfile,
  project: Project,
  script: string,
  submission: string,
): object {
  const several = {
    distributedFramework: profile.distributed_framework,
    minReplicas: spec.nodes,
    maxReplicas: spec.nodes,
    numWorkers: spec.nodes,
  };
  return {
    name: spec.name,
    useGivenNameAsPrefix: true,
    ...project,
    spec: {
      command: '/bin/bash',
      args: quote(script),
      image: profile.container_image,
      backoffLimit: 0,
      restartPolicy: 'Never',
      compute: { gpuDevicesRequest: profile.gpus_per_node ?? 0, largeShmRequest: profile.large_shm },
      storage: { pvc: profile.pvcs.map((claim) => withoutNull(claim)) },
      environmentVariables: [
        ...Object.entries({ ...spec.environment, [SUBMISSION_VARIABLE]: submission }).map(([name, value]) => ({
          name,
          value,
        })),
        ...Object.entries(profile.env_from).map(([name, reference]) => ({ name, secret: splitReference(reference) })),
      ],
      ...(spec.nodes > 1 ? several : {}),
      ...profile.custom_spec,
    },
  };
}

function splitReference(reference: string): { name: string; key: string } {
  const [name = '', key = ''] = reference.split(':', 2);
  return { name, key };
}

function withoutNull(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null && value !== undefined));
}
