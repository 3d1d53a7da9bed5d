// Before a wait that may last for hours: what the worker will never allow is said at once.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConversionInput, type ConversionRequest } from '../../src/contract/input.ts';
import { checkCompleteness } from '../../src/engines/check-completeness.ts';
import { surroundingsFor, temporaryDirectory } from '../support/rank-conversion.ts';

let directory: string;
beforeAll(async () => {
  directory = await temporaryDirectory();
  await mkdir(join(directory, 'run'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** An iteration that the training job has not begun to save. */
const look = (request: Partial<ConversionRequest>) => {
  const around = surroundingsFor();
  const input = ConversionInput.parse({
    megatron_path: join(directory, 'run/iter_0000100'),
    hf_model_id: 'a/b',
    hf_path: join(directory, 'hf'),
    ...request,
  });
  const policy = { ...around.policy, allowedRoots: [directory] };
  return checkCompleteness(input, { ...around, policy });
};

it('waits for a checkpoint where nothing else is wrong', async () => {
  await expect(look({})).rejects.toMatchObject({ type: 'CheckpointIncomplete' });
});

it('refuses a profile that the worker does not have, and targets outside its roots, all at once', async () => {
  await expect(look({ profile: 'slurm_covnert', hf_path: '/elsewhere/hf' })).rejects.toMatchObject({
    type: 'PolicyRefused',
    problems: [
      expect.stringContaining('hf_path'),
      expect.stringContaining('profile=slurm_covnert: this worker offers'),
    ],
  });
});
