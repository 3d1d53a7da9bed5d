// Where the tensors of a checkpoint go, read from the copies of a plan. Pure.
import type { Checkpoint } from '../checkpoint/types.ts';
import type { Plan } from '../plan/types.ts';

/** Source key -> names of the target tensors that some copy of the plan fills from it. */
export function findTargets(checkpoint: Checkpoint, plan: Plan): ReadonlyMap<string, ReadonlySet<string>> {
  const keyAt = new Map<string, string>();
  for (const { key, chunks } of checkpoint.tensors.values()) {
    for (const { file, offset } of chunks) keyAt.set(`${file}@${offset}`, key);
  }
  const targets = new Map<string, Set<string>>();
  for (const { items, tensors } of plan.files) {
    const keys = items.map(({ file, offset }) => keyAt.get(`${file}@${offset}`));
    for (const { name, copies } of tensors) {
      for (const { item } of copies) {
        const key = keys[item];
        if (key === undefined) continue;
        const names = targets.get(key) ?? new Set<string>();
        targets.set(key, names.add(name));
      }
    }
  }
  return targets;
}
