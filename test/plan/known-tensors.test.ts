// Which tables have a row for every tensor: what guessing and synthesis both begin with.
import { expect, it } from 'vitest';
import { FAMILIES } from '../../src/models/registry.ts';
import { findKnowing } from '../../src/plan/known-tensors.ts';
import { denseTensors, describeCheckpoint } from '../cli/inspect-checkpoint.ts';

const namesOf = (tensors: ReturnType<typeof denseTensors>): string[] =>
  findKnowing(FAMILIES, describeCheckpoint(tensors)).map(({ name }) => name);

it('are found in the order of the registry, whatever a general rule drops', () => {
  const dense = namesOf(denseTensors(2));
  expect(dense).toEqual(expect.arrayContaining(['llama', 'mistral', 'qwen2']));
  expect(dense).toEqual(FAMILIES.map(({ name }) => name).filter((name) => dense.includes(name)));
  expect(namesOf({ ...denseTensors(2), 'optimizer.state.exp_avg.x': { shape: [1] } })).toEqual(dense);
});

it('are none for a tensor that no table has, nor for no tensor at all', () => {
  expect(namesOf({ ...denseTensors(1), 'decoder.layers.0.strange.weight': { shape: [1] } })).toEqual([]);
  expect(namesOf({})).toEqual([]);
});
