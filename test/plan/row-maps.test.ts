// Every transform takes each source row once and gives each target row once, and a cut run is the part of it in the interval.
import { describe, expect, it } from 'vitest';
import type { ModelDimensions, Transform } from '../../src/models/types.ts';
import { cutRun } from '../../src/plan/cut-run.ts';
import { rowMapProblem, singleRun, type RowMap, type RowRun, type SourceShape } from '../../src/plan/row-maps.ts';
import { TRANSFORMS } from '../../src/plan/transforms.ts';
import { makeRandom, pick } from '../support/plan-random.ts';

const DIMENSIONS: ModelDimensions = {
  layers: 1,
  hidden: 8,
  heads: 6,
  queryGroups: 2,
  headDim: 4,
  ffn: 5,
  vocab: 9,
  tied: false,
  experts: null,
};

/** A source of these rows, whose targets are [q, k, v] where they matter. */
const sourceOf = (rows: number, dimensions: ModelDimensions, queryFactor = 1): SourceShape => {
  const { heads, queryGroups, headDim } = dimensions;
  const keys = queryGroups * headDim;
  return { parts: [rows], rows, targets: [[queryFactor * heads * headDim], [keys], [keys]], dimensions };
};

const say = (transform: Transform, rows: number): RowMap | string => TRANSFORMS[transform](sourceOf(rows, DIMENSIONS));

const mapOf = (transform: Transform, source: SourceShape): RowMap => {
  const map = TRANSFORMS[transform](source);
  if (typeof map === 'string') throw new Error(map);
  return map;
};

describe('the transforms', () => {
  it.each([
    ['vocabulary', 12, [9], 3],
    ['vocabulary', 9, [9], 0],
    ['gated', 10, [5, 5], 0],
    ['gated, interleaved', 10, [10], 0],
    ['gated, interleaved, transposed', 10, [10], 0],
    ['transposed', 7, [7], 0],
    ['qkv', 40, [24, 8, 8], 0],
  ] satisfies [Transform, number, number[], number][])('%s of %i rows', (transform, rows, targetRows, padding) => {
    const map = mapOf(transform, sourceOf(rows, DIMENSIONS));
    expect(map).toMatchObject({ targetRows, padding, transposed: transform.endsWith('transposed') });
    expect(rowMapProblem(map, rows)).toBeNull();
  });

  it('take consecutive rows where one source has several targets', () => {
    const source = {
      parts: [9],
      rows: 9,
      targets: [
        [4, 3],
        [5, 3],
      ],
      dimensions: DIMENSIONS,
    };
    expect(mapOf('direct', source)).toMatchObject({ targetRows: [4, 5] });
    expect(rowMapProblem(mapOf('direct', source), 9)).toBeNull();
    expect(TRANSFORMS.direct({ ...source, rows: 10 })).toBe('4 + 5 = 9 rows, the checkpoint has 10');
  });

  it('split any number of heads and groups without remainder, with and without a gate', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = makeRandom(seed);
      const queryGroups = pick(random, 1, 9);
      const heads = queryGroups * pick(random, 1, 8);
      const headDim = pick(random, 1, 9);
      const dimensions = { ...DIMENSIONS, heads, queryGroups, headDim };
      const plain = (heads + 2 * queryGroups) * headDim;
      expect(rowMapProblem(mapOf('qkv', sourceOf(plain, dimensions)), plain)).toBeNull();
      const gated = (2 * heads + 2 * queryGroups) * headDim;
      expect(rowMapProblem(mapOf('qkv with gate', sourceOf(gated, dimensions, 2)), gated)).toBeNull();
      const deltaKeyHeads = queryGroups;
      const parts = [deltaKeyHeads * headDim, deltaKeyHeads * headDim, heads * headDim, heads * headDim];
      const rows = parts.reduce((sum, part) => sum + part, 0);
      const source = { parts, rows, targets: [], dimensions: { ...dimensions, deltaKeyHeads } };
      expect(rowMapProblem(mapOf('delta net qkvz', source), rows)).toBeNull();
    }
  });

  it('say what does not fit', () => {
    expect(say('gated', 7)).toBe('a gated MLP needs an even number of rows, found 7');
    expect(say('vocabulary', 8)).toBe('config.json says vocab_size 9, the checkpoint has only 8 rows');
    expect(say('qkv', 41)).toBe(
      '(num_attention_heads 6 + 2 * num_key_value_heads 2) * head_dim 4 = 40 rows, the checkpoint has 41',
    );
    expect(say('delta net ba', 8)).toBe('config.json says nothing of linear_num_key_heads');
  });
});

const runs = (...list: RowRun[]): RowMap => ({ runs: list, targetRows: [3], padding: 0, transposed: false });

/** As many runs as the step, which alternate in the target. */
const woven = (step: number, source: number): RowRun[] =>
  Array.from({ length: step }, (_, k) => ({
    ...singleRun(0, source + k * 2, 2),
    targetRow: k,
    targetStep: step,
    targetPeriod: 2 * step,
  }));

describe('rowMapProblem', () => {
  it.each([
    [runs(singleRun(0, 1, 3)), 'source rows 0..0 are not covered'],
    [runs(singleRun(0, 0, 3), singleRun(0, 2, 2)), 'source row 2 is covered twice'],
    [runs(singleRun(0, 0, 3)), 'source has 4 rows, 3 are covered'],
    [{ ...runs(singleRun(0, 0, 2), { ...singleRun(0, 2, 2), targetRow: 1 }) }, 'target 0 row 1 is covered twice'],
    [{ ...runs(singleRun(0, 0, 2)), padding: 2 }, 'target 0 has 3 rows, 2 are covered'],
    [{ ...runs(...woven(2, 0), ...woven(2, 0)), targetRows: [4] }, 'source row 0 is covered twice'],
    [
      { ...runs(...woven(2, 0).slice(1), singleRun(0, 0, 2)), targetRows: [4] },
      'target 0 rows from 1 on are not covered by 2 runs that alternate',
    ],
    [{ ...runs(...woven(2, 0)), targetRows: [4] }, null],
  ])('%#', (map, problem) => expect(rowMapProblem(map, 4)).toBe(problem));
});

const pairs = (run: RowRun): string[] => {
  const out: string[] = [];
  for (let i = 0; i < run.repeats; i += 1) {
    for (let k = 0; k < run.rows; k += 1) {
      out.push(`${run.source + i * run.sourcePeriod + k}>${run.targetRow + i * run.targetPeriod + k * run.targetStep}`);
    }
  }
  return out;
};

describe('cutRun', () => {
  it('keeps exactly the rows of the interval, in at most three pieces', () => {
    for (let seed = 1; seed <= 3000; seed += 1) {
      const random = makeRandom(seed);
      const rows = pick(random, 0, 4);
      const run: RowRun = {
        target: 0,
        source: pick(random, 0, 5),
        rows,
        repeats: pick(random, 1, 5),
        sourcePeriod: rows + pick(random, rows === 0 ? 1 : 0, 4),
        targetRow: pick(random, 0, 3),
        targetPeriod: rows + pick(random, 0, 3),
        targetStep: pick(random, 1, 3),
      };
      const from = pick(random, 0, 30);
      const to = from + pick(random, 0, 20);
      const pieces = cutRun(run, from, to);
      const wanted = pairs(run).filter((pair) => Number.parseInt(pair, 10) >= from && Number.parseInt(pair, 10) < to);
      expect(pieces.flatMap(pairs).sort(), `seed ${seed}`).toEqual(wanted.sort());
      expect(pieces.length).toBeLessThanOrEqual(3);
    }
  });
});
