import { expect, it } from 'vitest';
import { ConversionError } from '../../src/contract/failures.ts';
import { findWorld } from '../../src/world/find-world.ts';
import { slurmEnvironment, torchEnvironment } from './ranks.ts';

it('finds the world of torchrun, also one of a single rank', () => {
  expect(findWorld(torchEnvironment(1, 4, 'run'))).toEqual({
    launcher: 'torchrun',
    rank: 1,
    size: 4,
    id: 'torchrun:run:29500',
  });
  // Nodes may have different names for the host of node 0.
  expect(findWorld({ ...torchEnvironment(1, 4, 'run'), MASTER_ADDR: 'head.cluster' })?.id).toBe('torchrun:run:29500');
  expect(findWorld({ RANK: '0', WORLD_SIZE: '1' })).toMatchObject({ rank: 0, size: 1 });
});

it('finds the step of srun, and takes the ranks of torchrun inside one', () => {
  expect(findWorld(slurmEnvironment(1, 2, '77'))).toEqual({ launcher: 'slurm', rank: 1, size: 2, id: 'slurm:77.0' });
  const { SLURM_STEP_NUM_TASKS: _, ...older } = slurmEnvironment(1, 2, '77');
  expect(findWorld(older)).toMatchObject({ rank: 1, size: 2 });
  expect(findWorld({ ...slurmEnvironment(0, 2, '77'), ...torchEnvironment(3, 8, 'r') })).toMatchObject({
    launcher: 'torchrun',
    rank: 3,
    size: 8,
  });
});

it.each([
  ['nothing', {}],
  ['the script of an sbatch job, which has no step', { SLURM_JOB_ID: '7', SLURM_PROCID: '0', SLURM_NTASKS: '4' }],
  ['the batch step by name', { SLURM_PROCID: '0', SLURM_NTASKS: '4', SLURM_STEP_ID: 'batch' }],
  ['the batch step by number', { SLURM_PROCID: '0', SLURM_NTASKS: '4', SLURM_STEP_ID: '4294967291' }],
  ['an allocation of salloc', { SLURM_JOB_ID: '7', SLURM_NTASKS: '4' }],
  ['a step of one task, such as srun --pty bash', slurmEnvironment(0, 1, '7')],
])('is none: %s', (_, environment) => {
  expect(findWorld(environment)).toBeNull();
});

it.each([
  [{ RANK: '0' }, 'RANK is set and WORLD_SIZE is not. Set both, as torchrun does, or unset RANK.'],
  [{ WORLD_SIZE: '2' }, 'WORLD_SIZE is set and RANK is not'],
  [{ RANK: '2', WORLD_SIZE: '2' }, 'RANK=2 is not below WORLD_SIZE=2'],
  [{ RANK: '-1', WORLD_SIZE: '2' }, 'RANK=-1 is not a count'],
  [{ RANK: 'abc', WORLD_SIZE: '2' }, 'RANK=abc is not a count'],
  [{ RANK: '0', WORLD_SIZE: '0' }, 'RANK=0 is not below WORLD_SIZE=0'],
  [{ ...slurmEnvironment(0, 2, '7'), SLURM_STEP_NUM_TASKS: 'two' }, 'SLURM_STEP_NUM_TASKS=two is not a count'],
])('refuses %j', (environment, message) => {
  expect(() => findWorld(environment)).toThrow(ConversionError);
  expect(() => findWorld(environment)).toThrow(message);
});
