import { expect, it } from 'vitest';
import { readIdentity } from '../../src/rank/identity.ts';

it('is a world of one by default', () => {
  expect(readIdentity({})).toEqual({ rank: 0, worldSize: 1, localWorldSize: 1 });
});

it('reads torchrun', () => {
  expect(
    readIdentity({ RANK: '3', WORLD_SIZE: '8', LOCAL_WORLD_SIZE: '4', SLURM_PROCID: '0', SLURM_NTASKS: '1' }),
  ).toEqual({
    rank: 3,
    worldSize: 8,
    localWorldSize: 4,
  });
});

it('reads a plain srun', () => {
  expect(readIdentity({ SLURM_PROCID: '1', SLURM_NTASKS: '2' })).toEqual({ rank: 1, worldSize: 2, localWorldSize: 2 });
});

it.each([
  [{ RANK: '2', WORLD_SIZE: '2' }, 'RANK=2 must be below WORLD_SIZE=2'],
  [{ RANK: 'x', WORLD_SIZE: '2' }, 'RANK=x is not a count'],
  [{ RANK: '-1', WORLD_SIZE: '2' }, 'RANK=-1 is not a count'],
])('refuses %o', (environment, message) => {
  expect(() => readIdentity(environment)).toThrow(message);
});
