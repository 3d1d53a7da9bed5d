// Random small models of each family at random layouts: sharded in plain loops, planned, executed element by element, equal.
import { expect, it } from 'vitest';
import { FAMILIES } from '../../src/models/registry.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { RANDOM_CONFIGS } from '../support/family-configs.ts';
import { layOutKeys, type Axes } from '../support/family-axes.ts';
import { SHARDS, shardModel } from '../support/family-sharding.ts';
import { numberTensors, shareCopies } from '../support/family-sharding/sharding.ts';
import { makeCheckpoint, type Cuts } from '../support/plan-checkpoint.ts';
import { executeNumbers } from '../support/plan-execute.ts';
import { makeRandom, pick } from '../support/plan-random.ts';
import type { Random } from '../support/random-parts.ts';

const SEEDS = 60;

it('covers every family', () => {
  const names = FAMILIES.map(({ name }) => name).sort();
  expect(Object.keys(SHARDS).sort()).toEqual(names);
  expect(Object.keys(RANDOM_CONFIGS).sort()).toEqual(names);
});

it.each(Object.keys(RANDOM_CONFIGS))('%s: every element arrives', (name) => {
  const family = FAMILIES.find((one) => one.name === name);
  const makeConfig = RANDOM_CONFIGS[name];
  if (!family || !makeConfig) throw new Error(name);
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = makeRandom(seed);
    const { config, uniform, gateless = false } = makeConfig(random);
    const hf = shareCopies(numberTensors(family.expected(family.dimensions(config), config)));
    const globals = layOutKeys(shardModel(name, hf, config), {
      ...randomAxes(random, uniform),
      ...(gateless && { halves: false }),
    });
    const { checkpoint, stat, payloads } = makeCheckpoint(globals, randomCuts(random));
    const input = { strict: true, dtype: 'source', max_shard_size: pick(random, 1, 4000) } as const;
    const plan = makePlan({ checkpoint, checkpointStat: stat, family, config, input });
    const got = new Map<string, readonly number[]>();
    for (const file of plan.files) {
      for (const [tensor, data] of executeNumbers(file, ({ offset }) => payloads.get(offset) ?? []))
        got.set(tensor, data);
    }
    const wanted = Object.fromEntries([...hf].map(([tensor, { data }]) => [tensor, data]));
    expect(Object.fromEntries(got), `seed ${seed}`).toEqual(wanted);
    const { mapped, dropped, excused } = plan.books;
    expect(excused, `seed ${seed}`).toEqual([]);
    // Every tensor of the checkpoint is on one line of the books, and on one alone.
    const booked = dropped.reduce((sum, { tensors }) => sum + tensors, mapped.tensors);
    expect(booked, `seed ${seed}`).toBe(checkpoint.tensors.size);
    expect(plan.books, `seed ${seed}`).toMatchObject({ unmapped: [], missing: [] });
  }
});

function randomAxes(random: Random, uniform: boolean): Axes {
  return {
    layers: uniform && random() < 0.5,
    experts: random() < 0.5,
    halves: random() < 0.5,
    separateNorms: random() < 0.5,
    vocabMultiple: random() < 0.7 ? 8 : 1,
    prefix: random() < 0.2 ? 'model.module.' : '',
  };
}

/** Cuts anywhere, on every axis. */
function randomCuts(random: Random): Cuts {
  return (_, shape) =>
    shape.map((size) => {
      const cuts = new Set(Array.from({ length: pick(random, 0, 2) }, () => pick(random, 1, Math.max(1, size - 1))));
      return [...cuts].filter((cut) => cut < size).sort((a, b) => a - b);
    });
}
