// Layout rules about the dimensions of the model: what Megatron itself would refuse when it starts with this layout.
import type { Finding, LayoutFacts, LayoutName } from './layout-facts.ts';

const at = ({ layout }: LayoutFacts, name: LayoutName): number => layout[name].value ?? 1;

function finding(facts: LayoutFacts, name: LayoutName, what: string, advice: string): Finding[] {
  const { value, given } = facts.layout[name];
  return [{ given, message: `${name}=${value ?? 1} does not fit the model: ${what}. ${advice}` }];
}

/** Every divisor of `size` up to 64, as text. */
function divisors(size: number): string {
  const found = Array.from({ length: Math.min(size, 64) }, (_, index) => index + 1).filter((n) => size % n === 0);
  return found.join(', ');
}

export function checkDivisor(
  name: LayoutName,
  what: string,
  read: (facts: LayoutFacts) => number | null | undefined,
): (facts: LayoutFacts) => Finding[] {
  return (facts) => {
    const size = read(facts);
    if (size == null || size % at(facts, name) === 0) return [];
    return finding(facts, name, `it must divide ${what} (${size})`, `Set ${name} to one of ${divisors(size)}.`);
  };
}

export function checkGroups(facts: LayoutFacts): Finding[] {
  const groups = facts.dimensions?.queryGroups;
  const tp = at(facts, 'tp');
  if (groups === undefined || groups % tp === 0 || tp % groups === 0) return [];
  const what = `it must divide num_key_value_heads (${groups}) or be a multiple of it`;
  return finding(facts, 'tp', what, `Set tp to one of ${divisors(groups)}, or to a multiple of ${groups}.`);
}

export function checkSplits(facts: LayoutFacts): Finding[] {
  return Object.entries(facts.dimensions?.tensorSplits ?? {}).flatMap(([field, size]) =>
    checkDivisor('tp', field, () => size)(facts),
  );
}

export function checkLayers(facts: LayoutFacts): Finding[] {
  const layers = facts.dimensions?.layers;
  if (layers === undefined || layers % at(facts, 'pp') === 0 || facts.training?.unevenStages) return [];
  return finding(facts, 'pp', `it must divide num_hidden_layers (${layers})`, `Set pp to one of ${divisors(layers)}.`);
}

export function checkExperts(facts: LayoutFacts): Finding[] {
  if (!facts.dimensions) return [];
  const { experts } = facts.dimensions;
  if (experts === null) {
    return (['ep', 'etp'] as const)
      .filter((name) => at(facts, name) > 1)
      .flatMap((name) =>
        finding(
          facts,
          name,
          'num_moe_experts must be non None to use expert-parallel, and this model has no experts',
          `Set ${name}=1, or leave it out.`,
        ),
      );
  }
  if (experts % at(facts, 'ep') === 0) return [];
  return finding(
    facts,
    'ep',
    `it must divide the number of experts (${experts})`,
    `Set ep to one of ${divisors(experts)}.`,
  );
}
