// `auto` in tp, pp, ep and etp: a layout that the rules allow for the ranks at hand, and one sentence that says why it is this one. Pure.
import { worldSize, type LayoutFacts, type LayoutName, type Setting } from './layout-facts.ts';
import { LAYOUT_RULES } from './layout-rules.ts';

export interface LayoutChoice {
  /** The facts with a number for each `auto`; the ranks that were counted are `nproc` x `nnodes` of the facts. */
  readonly facts: LayoutFacts;
  /** Null where nothing says `auto`, and where something else is wrong that the rules will name. */
  readonly reason: string | null;
  /** Why there is no such layout and what would be possible, else null. */
  readonly problem: string | null;
}

type Sizes = Readonly<Record<LayoutName, number>>;

const NAMES: readonly LayoutName[] = ['tp', 'pp', 'ep', 'etp'];
/** Numbers of ranks that are looked at, and named, where those at hand do not fit. */
const MOST_RANKS = 64;
/** On each node, where there are so many nodes that the ranks are more than those. */
const MOST_RANKS_PER_NODE = 16;
const MOST_NAMED = 12;

/**
 * Splits the model over as many ranks as possible, as the Nemotron step advises: experts by `ep`, a dense model by `tp`, layers (`pp`)
 * only where that leaves ranks over. `etp` is 1: `ep` gives whole experts away, which costs no communication within one.
 */
export function chooseLayout(facts: LayoutFacts): LayoutChoice {
  const autos = NAMES.filter((name) => facts.layout[name].auto);
  const plain = decide(facts, ONES);
  // Without the model's sizes, or with a number that does not fit them, the answer is that of the rules.
  if (autos.length === 0 || !facts.dimensions || breaksHardRule(alone(plain))) {
    return { facts: plain, reason: null, problem: null };
  }
  const best = findBest(facts);
  if (best === null) return { facts: plain, reason: null, problem: describeImpossible(facts, autos) };
  return { facts: decide(facts, best), reason: describeChoice(facts, autos, best), problem: null };
}

/** The sizes that split the model most; null where no layout is allowed. */
function findBest(facts: LayoutFacts): Sizes | null {
  let best: Sizes | null = null;
  const { tp: tps, pp: pps, ep: eps, etp: etps } = candidates(facts);
  for (const pp of pps) {
    for (const tp of tps) {
      for (const ep of eps) {
        for (const etp of etps) {
          const sizes = { tp, pp, ep, etp };
          if (best !== null && !isBetter(sizes, best)) continue;
          if (!breaksHardRule(withSizes(facts, sizes))) best = sizes;
        }
      }
    }
  }
  return best;
}

/** Parts that the model is split into. */
const parts = ({ tp, pp, ep, etp }: Sizes): number => pp * Math.max(tp, ep * etp);

function isBetter(a: Sizes, b: Sizes): boolean {
  if (parts(a) !== parts(b)) return parts(a) > parts(b);
  if (a.pp !== b.pp) return a.pp < b.pp;
  if (a.ep !== b.ep) return a.ep > b.ep;
  return a.tp < b.tp;
}

/** For each size alone, what the model allows. */
function candidates(facts: LayoutFacts): Readonly<Record<LayoutName, readonly number[]>> {
  const ranks = facts.distributed ? worldSize(facts) : 1;
  const divisors = Array.from({ length: ranks }, (_, index) => index + 1).filter((size) => ranks % size === 0);
  const allowed = (name: LayoutName): readonly number[] => {
    const { auto, value } = facts.layout[name];
    if (!auto) return [value ?? 1];
    if (name === 'etp') return [1];
    return divisors.filter((size) => !breaksHardRule(alone(withSizes(facts, { ...ONES, [name]: size }))));
  };
  return { tp: allowed('tp'), pp: allowed('pp'), ep: allowed('ep'), etp: allowed('etp') };
}

const ONES: Sizes = { tp: 1, pp: 1, ep: 1, etp: 1 };

function withSizes(facts: LayoutFacts, sizes: Sizes): LayoutFacts {
  const put = (name: LayoutName): Setting => ({ ...facts.layout[name], value: sizes[name] });
  return { ...facts, layout: { tp: put('tp'), pp: put('pp'), ep: put('ep'), etp: put('etp') } };
}

/** Only where it says `auto`. */
function decide(facts: LayoutFacts, sizes: Sizes): LayoutFacts {
  const put = (name: LayoutName): Setting => {
    const setting = facts.layout[name];
    return setting.auto ? { ...setting, value: sizes[name] } : setting;
  };
  return { ...facts, layout: { tp: put('tp'), pp: put('pp'), ep: put('ep'), etp: put('etp') } };
}

/** Without the rules about the ranks. */
const alone = (facts: LayoutFacts): LayoutFacts => ({ ...facts, distributed: false });

/** The rules that no engine that builds the model can go without. */
function breaksHardRule(facts: LayoutFacts): boolean {
  return LAYOUT_RULES.some(({ severity, check }) => severity.bridge.default === 'error' && check(facts).length > 0);
}

function describeChoice(facts: LayoutFacts, autos: readonly LayoutName[], sizes: Sizes): string {
  const ranks = facts.distributed ? worldSize(facts) : 1;
  const chosen = autos.map((name) => `${name}=${sizes[name]}`).join(' ');
  if (ranks === 1) return `${chosen} (auto): there is one rank.`;
  const { layers, heads, experts } = facts.dimensions ?? {};
  const reasons = [
    ...(sizes.ep > 1 ? [`ep=${sizes.ep} divides the ${experts} experts`] : []),
    ...(sizes.etp > 1 ? [`etp=${sizes.etp} divides each expert`] : []),
    ...(sizes.tp > 1 ? [`tp=${sizes.tp} divides the ${heads} heads and every width that it splits`] : []),
    ...(sizes.pp > 1 ? [`pp=${sizes.pp} divides the ${layers} layers`] : []),
  ];
  const copies = ranks / parts(sizes);
  const rest = copies > 1 ? `; ${copies} ranks hold each part, since the rules allow no finer layout` : '';
  return `${chosen} (auto) for ${ranks} ranks: ${reasons.join(', ')}${rest}.`;
}

function describeImpossible(facts: LayoutFacts, autos: readonly LayoutName[]): string {
  const ranks = worldSize(facts);
  const nodes = facts.nnodes.value ?? 1;
  const most = Math.max(MOST_RANKS_PER_NODE, Math.floor(MOST_RANKS / nodes));
  const possible = Array.from({ length: most }, (_, index) => index + 1)
    .filter((perNode) => perNode * nodes > 1 && findBest(withRanks(facts, perNode)) !== null)
    .map((perNode) => perNode * nodes)
    .sort((a, b) => Math.abs(a - ranks) - Math.abs(b - ranks))
    .slice(0, MOST_NAMED)
    .sort((a, b) => a - b);
  const advice =
    possible.length > 0
      ? `Numbers of ranks that fit: ${possible.join(', ')}. Set torchrun.nproc_per_node accordingly, or distributed=false.`
      : 'Set distributed=false, or give the sizes.';
  return `${autos.map((name) => `${name}=auto`).join(' ')}: no layout that the rules allow splits this model over ${ranks} ranks. ${advice}`;
}

/** The facts for another number of ranks on each node. */
export function withRanks(facts: LayoutFacts, nproc: number): LayoutFacts {
  return { ...facts, nproc: { ...facts.nproc, value: nproc } };
}
