// The plainest executor of a plan: element after element, in memory. It shares nothing with the rank program.
import type { Copy, FilePlan, PlannedItem } from '../../src/plan/types.ts';

/** Every output tensor as a flat row-major array of elements; elements that no copy filled are missing, double ones throw. */
export function executeFile<E>(file: FilePlan, readItem: (item: PlannedItem) => readonly E[]): Map<string, E[]> {
  const items = file.items.map(readItem);
  const out = new Map<string, E[]>();
  for (const { name, shape, copies } of file.tensors) {
    const filled: E[] = [];
    for (const copy of copies) {
      const source = items[copy.item];
      if (!source) throw new Error(`${name}: no item ${copy.item}`);
      for (const [from, to] of elementsOf(copy)) {
        const element = source[from];
        if (element === undefined) throw new Error(`${name}: element ${from} is outside item ${copy.item}`);
        if (filled[to] !== undefined) throw new Error(`${name}: element ${to} is filled twice`);
        filled[to] = element;
      }
    }
    const volume = shape.reduce((product, size) => product * size, 1);
    for (let k = 0; k < volume; k += 1)
      if (filled[k] === undefined) throw new Error(`${name}: element ${k} is not filled`);
    if (filled.length !== volume) throw new Error(`${name}: ${filled.length} elements for a volume of ${volume}`);
    out.set(name, filled);
  }
  return out;
}

/** The same with numbers, and the arithmetic of the plan. */
export function executeNumbers(
  file: FilePlan,
  readItem: (item: PlannedItem) => readonly number[],
): Map<string, number[]> {
  const out = executeFile(file, readItem);
  for (const { name, arithmetic } of file.tensors) {
    if (arithmetic === 'none') continue;
    out.set(
      name,
      (out.get(name) ?? []).map((value) => value + 1),
    );
  }
  return out;
}

function* elementsOf(
  copy: Copy,
  axis = 0,
  from = copy.sourceOffset,
  to = copy.targetOffset,
): Generator<[number, number]> {
  if (axis === copy.shape.length) {
    yield [from, to];
    return;
  }
  for (let i = 0; i < (copy.shape[axis] ?? 0); i += 1) {
    const source = from + i * (copy.sourceStrides[axis] ?? 0);
    const target = to + i * (copy.targetStrides[axis] ?? 0);
    yield* elementsOf(copy, axis + 1, source, target);
  }
}
