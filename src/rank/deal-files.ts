// Which rank writes which file. Every rank works it out alone, so the same input must give the same answer.

interface Sized {
  readonly name: string;
  readonly bytes: number;
}

/** The files of `rank`: the largest file first, always to the rank with the least bytes so far (of equals, the lowest). */
export function dealFiles<File extends Sized>(files: readonly File[], rank: number, worldSize: number): File[] {
  const bytes = Array.from({ length: worldSize }, () => 0);
  const mine: File[] = [];
  for (const file of files.toSorted((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1))) {
    const least = bytes.indexOf(Math.min(...bytes));
    bytes[least] = (bytes[least] ?? 0) + file.bytes;
    if (least === rank) mine.push(file);
  }
  return mine;
}
