// Many tensors as few lines: names that differ only in their layer and expert numbers. Pure.

/** Longest list of numbers that is written out. */
const LONGEST_LIST = 24;

export interface NameGroup<T> {
  /** `model.layers.{0..31}.mlp.up_proj.weight`. */
  readonly name: string;
  readonly members: readonly T[];
}

/**
 * Groups items whose names are the same but for whole parts that are numbers, and whose `likeness` is the same text. In the order of
 * first appearance.
 */
export function groupNames<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  likeness: (item: T) => string,
): NameGroup<T>[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const id = JSON.stringify([maskNumbers(nameOf(item)), likeness(item)]);
    const members = groups.get(id);
    if (members) members.push(item);
    else groups.set(id, [item]);
  }
  return [...groups.values()].map((members) => ({ name: joinNames(members.map(nameOf)), members }));
}

/** `model.layers.3.mlp.up_proj.weight` -> `model.layers.*.mlp.up_proj.weight`. */
export function maskNumbers(name: string): string {
  return name.replaceAll(/(?<=^|\.)\d+(?=\.|$)/g, '*');
}

function joinNames(names: readonly string[]): string {
  const [first = ''] = names;
  if (names.length < 2) return first;
  const columns = names.map((name) => name.split('.'));
  return first
    .split('.')
    .map((part, place) => {
      const parts = new Set(columns.map((column) => column[place] ?? ''));
      return parts.size < 2 ? part : describeNumbers([...parts].map(Number));
    })
    .join('.');
}

/** `{0..31}`, `{0..2,5,7..9}`, or `{23 of 0..51}` where that would be long. */
export function describeNumbers(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((a, b) => a - b);
  const runs: [first: number, last: number][] = [];
  for (const number of sorted) {
    const run = runs.at(-1);
    if (run?.[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  const text = runs.map(([first, last]) => (first === last ? `${first}` : `${first}..${last}`)).join(',');
  return text.length <= LONGEST_LIST ? `{${text}}` : `{${sorted.length} of ${sorted[0]}..${sorted.at(-1)}}`;
}
