// Whether all shards are of one save, as far as file times can tell. Pure. File times never decide alone: see judge.ts.

/** Clocks of the nodes of one save, and the finalisation after the last shard, differ by less: seconds. */
const TOLERANCE = 10;
/** Slower copying than this is not taken as an explanation of a gap: bytes a second. */
const COPY_RATE = 100e6;

/** A shard that is written over is changed this long after `.metadata` at least: seconds. Within a save only clocks can differ. */
const REWRITE_TOLERANCE = 2;
/** Slower than this no copy is written: bytes a second. */
const SLOWEST_COPY = 20e6;

export interface TimedFile {
  readonly name: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** 0 where the file system keeps none. */
  readonly birthtimeMs: number;
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
 * Where the file system keeps birth times, they decide first: writing over a file keeps its birth and moves its modification time.
 */
export function judgeGenerations(metadata: TimedFile, shards: readonly TimedFile[]): Generations {
  const rewritten = findRewritten(metadata, shards);
  if (rewritten.length > 0) return mixed(rewritten, metadata.mtimeMs);
  return judgeByGaps(metadata.mtimeMs, shards);
}

/**
 * Shards that were there before `.metadata` and were written again after it, over longer than a copy would take. A save makes
 * `.metadata` by a rename, so that its birth is its modification; where it is not, a copy was made over an older one, and births tell
 * nothing.
 */
function findRewritten(metadata: TimedFile, shards: readonly TimedFile[]): TimedFile[] {
  if (metadata.birthtimeMs === 0 || metadata.mtimeMs - metadata.birthtimeMs > REWRITE_TOLERANCE * 1000) return [];
  return shards.filter(({ size, mtimeMs, birthtimeMs }) => {
    const writing = (mtimeMs - birthtimeMs) / 1000;
    const before = birthtimeMs > 0 && birthtimeMs < metadata.mtimeMs;
    return (
      before &&
      mtimeMs > metadata.mtimeMs + REWRITE_TOLERANCE * 1000 &&
      writing > REWRITE_TOLERANCE + size / SLOWEST_COPY
    );
  });
}

function judgeByGaps(metadataMs: number, shards: readonly TimedFile[]): Generations {
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
  // Where births are known, a file that was written over has been found already.
  const rate = first.birthtimeMs > 0 ? SLOWEST_COPY : COPY_RATE;
  const explained = TOLERANCE + Math.max(5 * usual, first.size / rate);
  if (gap <= explained) return { kind: 'copied' };
  return mixed(younger, first.mtimeMs - gap * 1000);
}

function mixed(younger: readonly TimedFile[], since: number): Generations {
  const earliest = younger.reduce((time, { mtimeMs }) => Math.min(time, mtimeMs), Infinity);
  return { kind: 'mixed', younger: younger.map(({ name }) => name), gapSeconds: (earliest - since) / 1000 };
}

/** Seconds between consecutive times. */
function stepsOf(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => (time - (times[index] ?? time)) / 1000);
}
