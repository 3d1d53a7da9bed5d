// Profiles for the stand-ins of the cloud schedulers, and jobs that need no checkpoint.
import { join } from 'node:path';
import { DgxCloudProfile } from '../../src/contract/profile-dgxcloud.ts';
import { LeptonProfile } from '../../src/contract/profile-lepton.ts';
import type { JobSpec, JobState } from '../../src/executors/types.ts';

const TORCHRUN = join(import.meta.dirname, '../../.venv/bin/torchrun');

/** What both have: a container that is this machine. */
const HERE = {
  container_image: 'nvcr.io/nvidia/nemo:26.04',
  torchrun: [TORCHRUN],
  poll: 0.2,
  start: '2m',
  patience: '5s',
};

export function leptonProfile(changes: object = {}): LeptonProfile {
  return LeptonProfile.parse({ executor: 'lepton', ...HERE, resource_shape: 'cpu.large', ...changes });
}

export function dgxCloudProfile(changes: object = {}): DgxCloudProfile {
  return DgxCloudProfile.parse({ executor: 'dgxcloud', ...HERE, project_name: 'research', ...changes });
}

/** Node that waits for a file before it does what it is for. */
export function waitingNode(file: string): [string, ...string[]] {
  return ['/bin/sh', '-c', 'until [ -e "$1" ]; do sleep 0.1; done; shift; exec "$0" "$@"', process.execPath, file];
}

/** One process of a shell. */
export function shellJob(folder: string, script: string, changes: Partial<JobSpec> = {}): JobSpec {
  return {
    name: 'megatron-to-hf-0123456789abcdef',
    program: ['/bin/sh', '-c', script],
    nodes: 1,
    ranksPerNode: 1,
    distributed: false,
    environment: {},
    folder,
    ...changes,
  };
}

/** Polls until the state is one of the wanted. */
export async function waitFor(
  poll: () => Promise<JobState>,
  wanted: readonly JobState['state'][],
  seconds = 60,
): Promise<JobState> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const state = await poll();
    if (wanted.includes(state.state)) return state;
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(state)} after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What an action fails with; null where it does not. */
export async function failureOf(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    () => null,
    (error: unknown) => error,
  );
}
