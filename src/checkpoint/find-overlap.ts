// Whether boxes overlap, in bounded time. Pure. Real saves cut tensors along grids, so boxes fall apart along one axis after another.

export interface Box {
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
}

/** Visits of a box while sorting, or comparisons of two: some seconds. A grid of a million chunks needs a few millions. */
const MAX_WORK = 20_000_000;

/** Two boxes that share an element, null, or 'too irregular' where telling would take too long. Empty boxes share nothing. */
export function findOverlap(boxes: readonly Box[], axes: number): readonly [Box, Box] | 'too irregular' | null {
  let work = MAX_WORK;
  const open: (readonly Box[])[] = [boxes.filter(({ sizes }) => !sizes.includes(0))];
  for (let group = open.pop(); group !== undefined; group = open.pop()) {
    if (group.length < 2) continue;
    const parts = separate(group, axes);
    work -= group.length * axes;
    if (parts) open.push(...parts);
    else {
      work -= (group.length * group.length) / 2;
      const pair = work < 0 ? null : findPair(group);
      if (pair) return pair;
    }
    if (work < 0) return 'too irregular';
  }
  return null;
}

/** The boxes in parts that cannot meet, by the first axis along which there are gaps between them; null where there is none. */
function separate(boxes: readonly Box[], axes: number): (readonly Box[])[] | null {
  for (let axis = 0; axis < axes; axis += 1) {
    const sorted = boxes.toSorted((a, b) => begin(a, axis) - begin(b, axis));
    const parts: Box[][] = [];
    let reached = -Infinity;
    for (const box of sorted) {
      if (begin(box, axis) >= reached) parts.push([]);
      parts.at(-1)?.push(box);
      reached = Math.max(reached, end(box, axis));
    }
    if (parts.length > 1) return parts;
  }
  return null;
}

function findPair(boxes: readonly Box[]): readonly [Box, Box] | null {
  for (const [index, one] of boxes.entries()) {
    for (let other = index + 1; other < boxes.length; other += 1) {
      const two = boxes[other];
      if (two && one.offsets.every((_, k) => begin(one, k) < end(two, k) && begin(two, k) < end(one, k)))
        return [one, two];
    }
  }
  return null;
}

function begin(box: Box, axis: number): number {
  return box.offsets[axis] ?? 0;
}

function end(box: Box, axis: number): number {
  return begin(box, axis) + (box.sizes[axis] ?? 0);
}
