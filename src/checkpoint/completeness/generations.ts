// Whether all shards are of one save, as far as file times can tell. Pure. File times never decide alone: see judge.ts.

/** Clocks of the nodes of one save, and the finalisation after the last shard, differ by less: seconds. */
const TOLERANCE = 10;
/** Slower copying than this is not taken as an explanation of a gap: bytes a second. */
const COPY_RATE = 100e6;

export interface TimedFile {
  readonly name: string;
  readonly size: number;
  readonly mtimeMs: number;
}

export type Generations =
  | { readonly kind: 'one' }
  /** Every shard is younger than `.metadata`: git clone, cp -r or a restore gave them new times. */
  | { readonly kind: 'copied' }
  | { readonly kind: 'mixed'; readonly younger: readonly string[]; readonly gapSeconds: number };

/**
 * In a save all shards are older than `.metadata`. Younger ones are explained by a copy where all are younger, or where the times run
 * through `.metadata` in steps like those between the other files; else another save has begun to write into the directory.
 *
 * @param metadataMs modification time of `.metadata`.
 */
export function judgeGenerations(metadataMs: number, shards: readonly TimedFile[]): Generations {
  const younger = shards
    .filter(({ mtimeMs }) => mtimeMs > metadataMs + TOLERANCE * 1000)
    .sort((a, b) => a.mtimeMs - b.mtimeMs);
  const [first] = younger;
  if (first === undefined) return { kind: 'one' };
  if (younger.length === shards.length) return { kind: 'copied' };
  const older = shards.filter(({ mtimeMs }) => mtimeMs <= metadataMs + TOLERANCE * 1000).map(({ mtimeMs }) => mtimeMs);
  const before = [...older, metadataMs].sort((a, b) => a - b);
  const gap = (first.mtimeMs - (before.at(-1) ?? metadataMs)) / 1000;
  const steps = [...stepsOf(before), ...stepsOf(younger.map(({ mtimeMs }) => mtimeMs))].sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? 0;
  const explained = TOLERANCE + Math.max(5 * usual, first.size / COPY_RATE);
  if (gap <= explained) return { kind: 'copied' };
  return { kind: 'mixed', younger: younger.map(({ name }) => name), gapSeconds: gap };
}

/** Seconds between consecutive times. */
function stepsOf(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => (time - (times[index] ?? time)) / 1000);
}
