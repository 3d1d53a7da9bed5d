// The requested layout with every `auto` decided, and what the rules say of it.
import { chooseLayout, withRanks } from './choose-layout.ts';
import type { LayoutFacts } from './layout-facts.ts';
import { layoutProblems, type LayoutProblems } from './layout-rules.ts';

export interface LayoutVerdict extends LayoutProblems {
  /** Every `auto` has its number here. */
  readonly layout: LayoutFacts['layout'];
}

/** @param ranks those at hand on one node, which `auto` is chosen for; null where nobody knows. */
export function judgeLayout(facts: LayoutFacts, ranks: number | null): LayoutVerdict {
  const isAuto = Object.values(facts.layout).some(({ auto }) => auto);
  const choice = chooseLayout(isAuto && ranks !== null ? withRanks(facts, ranks) : facts);
  const found = layoutProblems(choice.facts);
  // Engine stream reads global tensors: it goes on without a layout.
  const missing = choice.problem === null ? [] : [choice.problem];
  const isNeeded = facts.engine === 'bridge';
  return {
    errors: [...(isNeeded ? missing : []), ...found.errors],
    warnings: found.warnings,
    notes: [...(isNeeded ? [] : missing), ...(choice.reason === null ? [] : [choice.reason]), ...found.notes],
    layout: choice.facts.layout,
  };
}
