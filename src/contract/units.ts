// Durations and byte sizes as people write them. Safe in the workflow sandbox.

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const;
const POWERS = { B: 0, K: 1, M: 2, G: 3, T: 4 } as const;

/** Seconds of `30s`, `15m`, `24h`, or of a plain number of seconds. @throws RangeError for anything else. */
export function toSeconds(duration: number | string): number {
  if (typeof duration === 'number') return duration;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(duration);
  if (!match) throw new RangeError(`not a duration: ${duration}`);
  return Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS];
}

/** Bytes of `5GB` (powers of 1000), `5GiB` (powers of 1024), or of a plain number. @throws RangeError for anything else. */
export function toBytes(size: number | string): number {
  if (typeof size === 'number') return size;
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT])?(i)?B$/.exec(size);
  if (!match) throw new RangeError(`not a size: ${size}`);
  const power = POWERS[(match[2] ?? 'B') as keyof typeof POWERS];
  return Math.floor(Number(match[1]) * (match[3] ? 1024 : 1000) ** power);
}

/** `12.3 GB`, with powers of 1000 and three figures. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
  if (bytes < 1000) return `${bytes} bytes`;
  let power = 1;
  // 999.5 would be rounded to four figures: it belongs to the next unit.
  while (bytes / 1000 ** power >= 999.5 && power < units.length - 1) power += 1;
  return `${(bytes / 1000 ** power).toPrecision(3)} ${units[power]}`;
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
