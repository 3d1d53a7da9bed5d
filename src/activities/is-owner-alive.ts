// Is the recorded owner of a target still at work? Asked when a target has an ownership record of somebody else.
import { hostname } from 'node:os';

import { Client, WorkflowNotFoundError } from '@temporalio/client';

import type { Worker } from '../contract/surroundings.ts';

/**
 * A workflow is alive while the server has that very run open. A run that this server does not know may belong to another server, or
 * may be past its retention: then the worker process that took the target decides. A process is looked up on its own host; on another
 * host nobody can know, so it counts as alive, and the message of the refusal names it.
 *
 * @throws the server's error when it cannot be asked: the attempt is retried then, and nothing is taken over meanwhile
 */
export async function isOwnerAlive(owner: Worker, client: Client): Promise<boolean> {
  return owner.kind === 'cli' ? isProcessAlive(owner) : isRunOpen(owner, client);
}

/** Whether the server has that very run open. */
export async function isRunOpen(owner: Worker, client: Client): Promise<boolean> {
  const namespace = owner.namespace ?? client.options.namespace;
  const asked = new Client({ connection: client.connection, namespace });
  try {
    const { status, raw } = await asked.workflow.getHandle(owner.workflowId, owner.runId).describe();
    if (status.name === 'RUNNING' || status.name === 'PAUSED') return true;
    // A run that was reset goes on under another id, and takes its target again only when it publishes.
    const runId = raw.workflowExtendedInfo?.resetRunId;
    return runId ? await isRunOpen({ ...owner, runId }, client) : false;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return owner.pid !== process.pid && isProcessAlive(owner);
    throw error;
  }
}

export function isProcessAlive(owner: Pick<Worker, 'host' | 'pid'>): boolean {
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
