// Damaged family tables: one mistake each, of the kinds that people make.
import type { Family, Rule, Transform } from '../../src/models/types.ts';

export interface Mutation {
  readonly kind:
    | 'row forgotten'
    | 'targets swapped'
    | 'parts swapped'
    | 'wrong transform'
    | 'wrong number'
    | 'not added';
  /** What was changed, for people. */
  readonly what: string;
  readonly family: Family;
}

/** Numbers of the model that a transform uses. */
const NUMBERS = ['headDim', 'vocab', 'deltaKeyHeads', 'mtpPatternLength'] as const;

/** Transforms that take and give the same numbers of tensors. */
const LOOKALIKES: Readonly<Partial<Record<Transform, Transform>>> = {
  qkv: 'direct',
  'qkv with gate': 'direct',
  gated: 'direct',
  vocabulary: 'direct',
  'gated, interleaved': 'direct',
  'gated, interleaved, transposed': 'transposed',
  transposed: 'direct',
  'delta net qkvz': 'direct',
  'delta net ba': 'direct',
};

/** `used` says whether a rule does anything for the model at hand: damage to another could not show. */
export function mutateTable(family: Family, used: (rule: Rule) => boolean): Mutation[] {
  const rules = family.rules.filter(used);
  return [
    ...rules.map((rule) =>
      mutation(family, 'row forgotten', shortName(rule), (other) => (other === rule ? [] : [other])),
    ),
    ...rules.flatMap((rule) =>
      damageOf(rule).map(([kind, what, damaged]) => mutation(family, kind, what, replace(rule, damaged))),
    ),
    ...pairs(rules).map(([one, two]) =>
      mutation(family, 'targets swapped', `${shortName(one)} and ${shortName(two)}`, (rule) =>
        rule === one ? [{ ...one, to: two.to }] : rule === two ? [{ ...two, to: one.to }] : [rule],
      ),
    ),
    ...NUMBERS.map((name): Mutation => ({
      kind: 'wrong number',
      what: name,
      family: {
        ...family,
        dimensions: (config) => {
          const right = family.dimensions(config);
          const value = right[name];
          return value == null ? right : { ...right, [name]: value - 1 };
        },
      },
    })),
  ];
}

type Damage = [kind: Mutation['kind'], what: string, damaged: Rule];

/** The mistakes that one row can hold. */
function damageOf(rule: Rule): Damage[] {
  const damages: Damage[] = [];
  const [first, second, ...rest] = rule.to;
  if (first !== undefined && second !== undefined) {
    damages.push(['targets swapped', `first two of ${shortName(rule)}`, { ...rule, to: [second, first, ...rest] }]);
  }
  for (const spelling of rule.from) {
    if (typeof spelling === 'string') continue;
    for (const [k, part] of spelling.slice(1).entries()) {
      const parts = spelling.with(k, part).with(k + 1, spelling[k] ?? '');
      const from = rule.from.map((other) => (other === spelling ? parts : other));
      damages.push([
        'parts swapped',
        `${lastName(spelling[k] ?? '')} and ${lastName(part)} of ${shortName(rule)}`,
        { ...rule, from },
      ]);
    }
  }
  const lookalike = LOOKALIKES[rule.transform];
  if (lookalike !== undefined) {
    damages.push([
      'wrong transform',
      `${lookalike} for ${rule.transform}: ${shortName(rule)}`,
      { ...rule, transform: lookalike },
    ]);
  }
  if (rule.arithmetic) {
    const { arithmetic: _, ...bare } = rule;
    damages.push(['not added', shortName(rule), bare]);
  }
  return damages;
}

function mutation(
  family: Family,
  kind: Mutation['kind'],
  what: string,
  change: (rule: Rule) => readonly Rule[],
): Mutation {
  return { kind, what, family: { ...family, rules: family.rules.flatMap(change) } };
}

function replace(rule: Rule, damaged: Rule): (other: Rule) => readonly Rule[] {
  return (other) => [other === rule ? damaged : other];
}

/** Pairs of rows whose targets could be taken for each other: as many, at the same kind of place. */
function pairs(rules: readonly Rule[]): [Rule, Rule][] {
  return rules.flatMap((one, k) =>
    rules.slice(k + 1).flatMap((two): [Rule, Rule][] => (placesOf(one) === placesOf(two) ? [[one, two]] : [])),
  );
}

function placesOf({ to, from, place }: Rule): string {
  const stars = (from.flat()[0] ?? '').replaceAll(/[^*{]/g, '');
  return [...to.map((name) => name.replaceAll(/[^*{]/g, '')), stars, place?.text ?? ''].join();
}

/** The Hugging Face side of a row without what all rows have in common. */
function shortName({ to }: Rule): string {
  const names = to.map((name) => name.replace(/^(?:model|backbone)\.(?:layers\.\*\.)?/, ''));
  return names.length === 1 ? (names[0] ?? '') : `${names[0]} ...`;
}

function lastName(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}
