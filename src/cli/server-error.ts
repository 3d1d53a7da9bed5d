// Telling a server that cannot be reached from an answer of the server. Imports nothing of Temporal: errors are judged by their shape.

/** There is no server at the address, or none that answers. */
export class ServerUnreachable extends Error {
  override readonly name = 'ServerUnreachable';
}

/** gRPC: DEADLINE_EXCEEDED and UNAVAILABLE (`grpc-js` `constants.ts`, `Status`). */
const NO_ANSWER: ReadonlySet<unknown> = new Set([4, 14]);

/** Whether the error, or a cause of it, says that the server was not there: never reached, or lost on the way. */
export function isServerUnreachable(error: unknown): boolean {
  for (let it = error, depth = 0; it instanceof Error && depth < 10; it = it.cause, depth += 1) {
    if (it instanceof ServerUnreachable || it.name === 'TransportError') return true;
    // A status of gRPC, and not the code of a system error, which is a text.
    if ('code' in it && 'metadata' in it && NO_ANSWER.has(it.code)) return true;
  }
  return false;
}
