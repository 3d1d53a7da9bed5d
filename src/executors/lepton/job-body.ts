// What is posted to Lepton to create a job. Pure.
import type { LeptonProfile } from '../../contract/profile-lepton.ts';
import { toSeconds } from '../../contract/units.ts';
import { SUBMISSION_VARIABLE, writeNodeScript } from '../rest/node-script.ts';
import type { JobSpec } from '../types.ts';

/**
 * The fields of leptonai 0.47.1 `LeptonJob` that we set. A failed job is not retried by Lepton: the next attempt of the run is the retry,
 * and it knows which files are finished.
 *
 * @param nodeGroup - id of the profile's node group, where it names one.
 * @param submission - another one for each submission.
 */
export function composeLeptonJob(
  spec: JobSpec,
  profile: LeptonProfile,
  nodeGroup: string | null,
  submission: string,
): object {
  const { node_reservation: reservation, shared_memory_size: memory, image_pull_secrets: pull } = profile;
  return {
    metadata: { id: spec.name, name: spec.name, visibility: 'private' },
    spec: {
      resource_shape: profile.resource_shape,
      ...(nodeGroup === null ? {} : { affinity: { allowed_dedicated_node_groups: [nodeGroup] } }),
      container: { image: profile.container_image, command: ['/bin/bash', '-c', writeNodeScript(spec, profile)] },
      completions: spec.nodes,
      parallelism: spec.nodes,
      max_failure_retry: 0,
      max_job_failure_retry: 0,
      intra_job_communication: spec.nodes > 1,
      ttl_seconds_after_finished: Math.ceil(toSeconds(profile.keep_finished)),
      envs: [
        ...Object.entries({ ...spec.environment, [SUBMISSION_VARIABLE]: submission }).map(([name, value]) => ({
          name,
          value,
        })),
        ...Object.entries(profile.env_from).map(([name, secret]) => ({
          name,
          value_from: { secret_name_ref: secret },
        })),
      ],
      mounts: profile.mounts.map(({ path, from, mount_path, read_only }) => ({
        path,
        from,
        mount_path,
        ...(read_only == null ? {} : { mount_options: { read_only } }),
      })),
      ...(pull.length === 0 ? {} : { image_pull_secrets: pull }),
      ...(memory == null ? {} : { shared_memory_size: memory }),
      ...(reservation == null ? {} : { reservation_config: { reservation_id: reservation } }),
      ...queueConfig(profile),
    },
  };
}

function queueConfig({ queue_priority: priority, can_be_preempted, can_preempt }: LeptonProfile): object {
  if (priority == null && !can_be_preempted && !can_preempt) return {};
  return {
    queue_config: {
      ...(priority == null ? {} : { priority_class: priority }),
      ...(can_be_preempted ? { can_be_preempted } : {}),
      ...(can_preempt ? { can_preempt } : {}),
    },
  };
}
