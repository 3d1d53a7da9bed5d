// What a rank of engine `stream` executes.
import { fileURLToPath } from 'node:url';
import type { Place } from '../executors/place.ts';

/** Compiled JavaScript beside us in the package, TypeScript in the repository. */
const RANK_PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../rank/main.ts' : '../rank/main.js', import.meta.url),
);

/** A rank makes little garbage; the usual young generation (48 MB) would let it pile up. */
const SMALL_HEAP = '--max-semi-space-size=1';

export interface RankWork {
  readonly staging: string;
  readonly checkpoint: string;
  readonly attempt: number;
  /** False: rank 0 writes every file. */
  readonly allWrite: boolean;
}

export function rankProgram(
  { staging, checkpoint, attempt, allWrite }: RankWork,
  place: Pick<Place, 'node' | 'isHere' | 'inPackage'>,
): readonly [string, ...string[]] {
  return [
    ...place.node,
    SMALL_HEAP,
    place.inPackage(RANK_PROGRAM),
    '--staging',
    staging,
    '--checkpoint',
    checkpoint,
    '--attempt',
    String(attempt),
    // Elsewhere there is no pipe to the launcher, and progress lines would only fill the log of the job.
    place.isHere ? '--lifeline' : '--quiet',
    ...(allWrite ? [] : ['--single-writer']),
  ];
}
