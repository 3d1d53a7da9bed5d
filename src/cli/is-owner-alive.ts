// Is the recorded owner of a target still at work? Asked by `convert`, which may or may not have a Temporal server.
import type { Worker } from '../contract/surroundings.ts';

/** Where nobody can know, the owner counts as alive: the refusal names it, and a person decides. */
export async function isOwnerAlive(owner: Worker): Promise<boolean> {
  const activities = await import('../activities/is-owner-alive.ts');
  if (owner.kind === 'cli') return activities.isProcessAlive(owner);
  try {
    const { connect } = await import('../client.ts');
    const client = await connect();
    try {
      return await activities.isOwnerAlive(owner, client);
    } finally {
      await client.connection.close();
    }
  } catch {
    // No server to ask, whatever the reason.
    return true;
  }
}
