// Surroundings of the commands that only read: whoever runs them may read what the file system lets them read.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Surroundings, Worker, WorkerPolicy } from '../contract/surroundings.ts';
import { isOwnerAlive } from './is-owner-alive.ts';

/** Starts no program, and reads wherever the file system lets it. */
export const READER_POLICY: WorkerPolicy = {
  allowedRoots: ['/'],
  remoteCode: [],
  torchrun: [],
  python: [],
  launchPrefix: [],
  smokeMemory: null,
  bridge: null,
  profiles: {},
};

export function readerSurroundings(signal: AbortSignal): Surroundings {
  return {
    signal,
    onProgress: () => undefined,
    policy: READER_POLICY,
    worker: describeSelf(),
    previous: null,
    isOwnerAlive,
  };
}

/** This process, as the ownership record and the manifest name it. */
export function describeSelf(): Worker {
  const host = hostname();
  const { pid } = process;
  return { kind: 'cli', workflowId: `cli-${host}-${pid}`, runId: randomUUID(), attempt: 1, namespace: null, host, pid };
}
