// What the books leave open, for people: one line a pattern, so that 80 layers of one forgotten tensor are one line.
import type { Checkpoint } from '../checkpoint/types.ts';
import type { Family } from '../models/types.ts';
import { partsOf } from './choose-sources.ts';
import { readKey } from './index-sources.ts';
import { nearestRule } from './nearest-rule.ts';

/** Source tensors that no rule knows, or whose rule makes tensors that the reference does not have. */
export function describeUnmapped(
  keys: readonly string[],
  checkpoint: Checkpoint,
  prefix: string,
  family: Family,
): string[] {
  const byPattern = Map.groupBy(keys, (key) => readKey(key, prefix).pattern);
  return [...byPattern].map(([pattern, group]) => {
    const [first = pattern] = group;
    const entry = checkpoint.tensors.get(first);
    const name = group.length === 1 ? first : `${prefix}${pattern} (${group.length} tensors)`;
    const what = `${name} ${entry?.dtype ?? ''} [${entry?.shape.join(', ') ?? ''}]`;
    const rule = family.rules.find(({ from }) => from.some((spelling) => partsOf(spelling).includes(pattern)));
    if (rule) {
      return `${what}: its rule gives ${rule.to.join(', ')}, which the reference config does not call for, or another spelling of it was taken`;
    }
    return `${what}: no rule of family ${family.name} takes it; ${hint(nearestRule(pattern, family.rules, 'from'))}`;
  });
}

/** Expected tensors that nothing fills. */
export function describeMissing(
  names: readonly string[],
  expected: ReadonlyMap<string, readonly number[]>,
  family: Family,
): string[] {
  const byPattern = Map.groupBy(names, (name) => patternOf(name));
  return [...byPattern].map(([pattern, group]) => {
    const [first = pattern] = group;
    const name = group.length === 1 ? first : `${pattern} (${group.length} tensors)`;
    const what = `${name} [${expected.get(first)?.join(', ') ?? ''}]`;
    const sources = family.rules
      .filter(({ to }) => to.includes(pattern))
      .flatMap(({ from }) => from.map((spelling) => partsOf(spelling).join(' + ')));
    return sources.length > 0
      ? `${what}: expected, but the checkpoint has no ${sources.join(' or ')}`
      : `${what}: expected, but no rule of family ${family.name} gives it; ${hint(nearestRule(pattern, family.rules, 'to'))}`;
  });
}

/** A Hugging Face key with `*` for its layer and `{e}` for its expert, as the tables write it. */
function patternOf(name: string): string {
  return name.replace(/(?<=\.layers\.)\d+(?=\.)/, '*').replace(/(?<=\.experts\.)\d+(?=\.)/, '{e}');
}

function hint(rule: string | null): string {
  return rule ? `the nearest rule is ${rule}` : 'no rule is near';
}
