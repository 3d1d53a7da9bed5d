// Is the recorded owner of a target still at work? Asked by `convert`, which may or may not have a Temporal server.
import { hostname } from 'node:os';
import type { Worker } from '../engines/types.ts';

/** Where nobody can know, the owner counts as alive: the refusal names it, and a person decides. */
export async function isOwnerAlive(owner: Worker): Promise<boolean> {
  if (owner.kind === 'cli') return isProcessAlive(owner);
  try {
    const { connect } = await import('../client.ts');
    const activities = await import('../activities/is-owner-alive.ts');
    const client = await connect();
    try {
      return await activities.isOwnerAlive(owner, client);
    } finally {
      await client.connection.close();
    }
  } catch {
    return true;
  }
}

function isProcessAlive(owner: Worker): boolean {
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
