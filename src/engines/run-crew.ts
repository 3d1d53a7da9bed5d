// The ranks of one attempt where they are there already: an existing world.
import type { Crew } from '../contract/surroundings.ts';
import type { Pending } from '../rank/pending.ts';
import type { RankEvent } from '../rank/types.ts';
import { openAttempt } from './convert-attempt.ts';
import { waitUntilSeen } from './wait-until-seen.ts';
import { watchFiles } from './watch-files.ts';

export interface CrewRequest {
  readonly staging: string;
  readonly pending: Pending;
  readonly signal: AbortSignal;
  /** Seconds that finished files of another machine may take to be seen here. */
  readonly stallSeconds: number;
  readonly onEvent: (event: RankEvent) => void;
}

/** @throws the signal's reason; ConversionError of a rank, RankFailed, ConversionStalled. */
export async function runCrew(crew: Crew, request: CrewRequest): Promise<{ readonly attempt: number }> {
  const { staging, pending, signal, onEvent } = request;
  const attempt = await openAttempt(staging, pending);
  const look = watchFiles(staging, pending, onEvent);
  await crew.run({
    engine: 'stream',
    byteDigest: pending.byteDigest,
    attempt,
    signal,
    watch: async () => look(attempt),
  });
  await waitUntilSeen(staging, pending, request.stallSeconds, signal);
  await look(attempt);
  return { attempt };
}
