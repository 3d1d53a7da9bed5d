// `auto` in the layout: every choice passes the rules and uses all ranks, for the typical model of each family.
import { describe, expect, it } from 'vitest';
import { ConversionInput } from '../../src/contract/input.ts';
import { FAMILIES } from '../../src/models/registry.ts';
import type { ModelDimensions } from '../../src/models/types.ts';
import { chooseLayout } from '../../src/plan/choose-layout.ts';
import { judgeLayout } from '../../src/plan/judge-layout.ts';
import { readLayout, type LayoutFacts, type LayoutName } from '../../src/plan/layout-facts.ts';
import { layoutProblems } from '../../src/plan/layout-rules.ts';
import { RANDOM_CONFIGS } from '../support/family-configs.ts';
import { makeRandom } from '../support/plan-random.ts';
import { TYPICAL_CONFIGS } from '../support/typical-configs.ts';

const NAMES: readonly LayoutName[] = ['tp', 'pp', 'ep', 'etp'];
type Sizes = Partial<Record<LayoutName, number | 'auto'>>;

const DENSE: ModelDimensions = {
  layers: 32,
  hidden: 4096,
  heads: 32,
  queryGroups: 8,
  headDim: 128,
  ffn: 14_336,
  vocab: 128_256,
  tied: false,
  experts: null,
};
/** Nemotron-3-Nano-30B-A3B. */
const NANO: ModelDimensions = {
  ...DENSE,
  layers: 52,
  queryGroups: 2,
  ffn: 1856,
  experts: 128,
  tensorSplits: { mamba_num_heads: 64, n_groups: 8, moe_shared_expert_intermediate_size: 3712 },
};

function factsOf(dimensions: ModelDimensions | null, ranks: number, sizes: Sizes, more = {}): LayoutFacts {
  const input = ConversionInput.parse({
    megatron_path: '/a',
    hf_model_id: 'b',
    hf_path: '/c',
    torchrun: { nproc_per_node: ranks },
    ...sizes,
    ...more,
  });
  const paddedVocab = dimensions && Math.ceil(dimensions.vocab / 128) * 128;
  return { engine: 'bridge', ...readLayout(input), dimensions, paddedVocab, training: null, files: 100 };
}

const AUTO: Sizes = { tp: 'auto', pp: 'auto', ep: 'auto', etp: 'auto' };

function chosen(dimensions: ModelDimensions, ranks: number, sizes: Sizes = AUTO): string {
  const { facts, reason, problem } = chooseLayout(factsOf(dimensions, ranks, sizes));
  const values = NAMES.map((name) => `${name}=${facts.layout[name].value}`).join(' ');
  return `${values} | ${reason ?? problem}`;
}

describe('the choice', () => {
  it.each([
    [
      'a dense model',
      DENSE,
      8,
      AUTO,
      'tp=8 pp=1 ep=1 etp=1 | tp=8 pp=1 ep=1 etp=1 (auto) for 8 ranks: tp=8 divides the 32 heads',
    ],
    ['a dense model on more ranks than heads', DENSE, 64, AUTO, 'tp=32 pp=2 ep=1 etp=1 | '],
    // The layout that the Nemotron step names for this model.
    [
      'a model with experts',
      NANO,
      8,
      AUTO,
      'tp=1 pp=1 ep=8 etp=1 | tp=1 pp=1 ep=8 etp=1 (auto) for 8 ranks: ep=8 divides the 128 experts.',
    ],
    ['a kept tp', NANO, 8, { ...AUTO, tp: 2 }, 'tp=2 pp=1 ep=8 etp=1 | pp=1 ep=8 etp=1 (auto) for 8 ranks: ep=8'],
    ['only tp', DENSE, 4, { tp: 'auto' }, 'tp=4 pp=null ep=null etp=null | tp=4 (auto) for 4 ranks'],
    ['a kept pp', DENSE, 8, { ...AUTO, pp: 4 }, 'tp=2 pp=4 ep=1 etp=1 | tp=2 ep=1 etp=1 (auto) for 8 ranks'],
    [
      'no finer layout',
      { ...DENSE, heads: 6, queryGroups: 2, ffn: 514, layers: 3 },
      4,
      AUTO,
      'tp=2 pp=1 ep=1 etp=1 | ',
    ],
    ['one rank', DENSE, 1, AUTO, 'tp=1 pp=1 ep=1 etp=1 | tp=1 pp=1 ep=1 etp=1 (auto): there is one rank.'],
  ] satisfies [string, ModelDimensions, number, Sizes, string][])('%s', (_, dimensions, ranks, sizes, expected) => {
    expect(chosen(dimensions, ranks, sizes)).toContain(expected);
  });

  it('says how many ranks hold each part', () => {
    expect(chosen({ ...DENSE, heads: 6, queryGroups: 2, ffn: 514, layers: 3 }, 4)).toMatch(
      /tp=2 divides the 6 heads .*; 2 ranks hold each part, since the rules allow no finer layout\.$/,
    );
  });

  it('names the numbers of ranks that are possible', () => {
    const facts = factsOf({ ...DENSE, heads: 6, queryGroups: 6, ffn: 6, layers: 4, vocab: 384 }, 7, AUTO);
    const { problem } = chooseLayout(facts);
    expect(problem).toMatch(
      /^tp=auto pp=auto ep=auto etp=auto: no layout that the rules allow splits this model over 7 ranks\. Numbers of ranks that fit: 2, 3, 4, 6, 8, 9, 10, 12, /,
    );
    expect(judgeLayout(facts, null).errors).toEqual(expect.arrayContaining([problem]));
    // Engine stream needs no layout.
    const stream = judgeLayout({ ...facts, engine: 'stream' }, null);
    expect(stream.errors).toEqual([]);
    expect(stream.notes).toContain(problem);
  });

  it('names them also for more nodes than that', () => {
    const small = { ...DENSE, heads: 6, queryGroups: 6, ffn: 6, layers: 4, vocab: 384 };
    const facts = factsOf(small, 7, { ...AUTO, tp: 6 }, { torchrun: { nproc_per_node: 7, nnodes: 128 } });
    expect(chooseLayout(facts).problem).toContain('Numbers of ranks that fit: 384, 768, 1152, 1536, 1920.');
  });

  it('leaves a number that does not fit to the rules', () => {
    const verdict = judgeLayout(factsOf(DENSE, 8, { ...AUTO, tp: 5 }), null);
    expect(verdict.errors.join('\n')).toContain('tp=5 does not fit the model');
    expect(verdict.notes).toEqual([]);
  });

  it('is for the ranks at hand, and says nothing of the layout of the training run', () => {
    const verdict = judgeLayout(factsOf(DENSE, 8, AUTO), 2);
    expect(verdict.layout).toMatchObject({ tp: { value: 2 }, pp: { value: 1 } });
  });

  it('is one rank without distributed, and nothing without the sizes of the model', () => {
    expect(chooseLayout(factsOf(DENSE, 8, AUTO, { distributed: false })).reason).toContain('there is one rank');
    expect(chooseLayout(factsOf(null, 8, AUTO))).toMatchObject({ reason: null, problem: null });
    expect(chooseLayout(factsOf(DENSE, 8, { tp: 2 }))).toMatchObject({ reason: null, problem: null });
  });
});

function dimensionsOf(name: string, seed: number): ModelDimensions {
  const family = FAMILIES.find((one) => one.name === name);
  const config = seed === 0 ? TYPICAL_CONFIGS[name] : RANDOM_CONFIGS[name]?.(makeRandom(seed)).config;
  if (!family || !config) throw new Error(name);
  return family.dimensions(config);
}

/** Every size of `auto` together with kept numbers, brute force: the largest split that the rules allow. */
function bestByForce(dimensions: ModelDimensions, ranks: number): number {
  const sizes = Array.from({ length: ranks }, (_, index) => index + 1).filter((size) => ranks % size === 0);
  let best = 0;
  for (const tp of sizes) {
    for (const pp of sizes) {
      for (const ep of sizes) {
        const { errors } = layoutProblems(factsOf(dimensions, ranks, { tp, pp, ep, etp: 1 }));
        if (errors.length === 0) best = Math.max(best, pp * Math.max(tp, ep));
      }
    }
  }
  return best;
}

const RANKS = [1, 2, 3, 4, 6, 8, 12, 16];

it.each(FAMILIES.map(({ name }) => name))(
  '%s: every choice is allowed, uses all ranks, and splits as far as possible',
  (name) => {
    for (let seed = 0; seed <= 10; seed += 1) {
      const dimensions = dimensionsOf(name, seed);
      for (const ranks of RANKS) {
        const label = `seed ${seed}, ${ranks} ranks`;
        const { facts, reason, problem } = chooseLayout(factsOf(dimensions, ranks, AUTO));
        const best = bestByForce(dimensions, ranks);
        if (problem !== null) {
          expect(best, label).toBe(0);
          continue;
        }
        expect(reason, label).toContain('(auto)');
        expect(layoutProblems(facts).errors, label).toEqual([]);
        const [tp = 0, pp = 0, ep = 0, etp = 0] = NAMES.map((one) => facts.layout[one].value ?? 0);
        expect(ranks % (tp * pp), label).toBe(0);
        expect(ranks % (etp * ep * pp), label).toBe(0);
        expect(pp * Math.max(tp, ep * etp), label).toBe(best);
      }
    }
  },
);
