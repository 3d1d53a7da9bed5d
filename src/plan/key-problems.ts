// Disagreements of the formula and the reference's weights, for people: one sentence a pattern, so that 80 layers are one line.
import type { ReferenceWeights } from '../reference/types.ts';
import { nearestName } from './nearest-rule.ts';

type Keys = ReadonlyMap<string, readonly number[]>;

/** A key with two shapes. */
export interface ShapeProblem {
  readonly name: string;
  readonly shape: readonly number[];
  readonly stored: readonly number[];
}

/** A sentence that is put together only if it is told: the search for what is near takes time. */
type Sentence = () => string;

const MOST_PROBLEMS = 20;

/** Keys of the weights that the formula does not have. */
export function describeExtra(
  names: readonly string[],
  { tensors, source }: ReferenceWeights,
  formula: Keys,
): Sentence[] {
  const patterns = new Set([...formula.keys()].map((name) => patternOf(name)));
  return describeGroups(names, (first, pattern) => {
    const stored = tensors.get(first);
    const shape = stored ? ` [${stored.shape.join(', ')}]` : '';
    const nearest = nearestName(pattern, patterns);
    const hint = nearest === null ? 'nothing in it is near' : `the nearest is ${nearest}`;
    return `${shape}: in the reference's weights (${source}), but the config does not call for it; ${hint}`;
  });
}

/** Keys of the formula that the weights do not have. */
export function describeLacking(names: readonly string[], formula: Keys, source: string): Sentence[] {
  return describeGroups(names, (first) => {
    const shape = formula.get(first)?.join(', ') ?? '';
    return ` [${shape}]: the config calls for it, but the reference's weights (${source}) do not have it`;
  });
}

/** Keys that both have, in different shapes. */
export function describeShape(problems: readonly ShapeProblem[], source: string): Sentence[] {
  const byName = new Map(problems.map((problem) => [problem.name, problem]));
  return describeGroups([...byName.keys()], (first) => {
    const { shape = [], stored = [] } = byName.get(first) ?? {};
    return `: the config says [${shape.join(', ')}], the reference's weights (${source}) have [${stored.join(', ')}]`;
  });
}

/** At most 20 sentences, and how many more there are. */
export function tellProblems(problems: readonly Sentence[]): string[] {
  const told = problems.slice(0, MOST_PROBLEMS).map((sentence) => sentence());
  const others = problems.length - told.length;
  return others > 0 ? [...told, `and ${others} more patterns of names disagree`] : told;
}

function describeGroups(names: readonly string[], describe: (first: string, pattern: string) => string): Sentence[] {
  return [...Map.groupBy(names, patternOf)].map(([pattern, group]) => () => {
    const [first = pattern] = group;
    const who = group.length === 1 ? first : `${pattern} (${group.length} tensors, the first ${first})`;
    return who + describe(first, pattern);
  });
}

/** A key with `*` for every number between dots: layers, experts, blocks. */
function patternOf(name: string): string {
  return name.replaceAll(/(?<=\.)\d+(?=\.)/g, '*');
}
