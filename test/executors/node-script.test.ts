// The script of a cloud job's node where the folder of the job is not what the worker sees.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { writeNodeScript } from '../../src/executors/rest/node-script.ts';
import { shellJob } from '../support/cloud-profiles.ts';

async function run(folder: string): Promise<unknown> {
  const script = writeNodeScript(shellJob(folder, 'true'), { torchrun: ['torchrun'], setup: [] });
  const env = { PATH: process.env['PATH'], MEGATRON_TO_HF_SUBMISSION: 'one' };
  return promisify(execFile)('bash', ['-c', script], { env, timeout: 20_000 }).catch((error: unknown) => error);
}

it('ends at once, and says why, where the folder is not there or cannot be written', async () => {
  expect(await run('/nowhere/at all')).toMatchObject({
    code: 66,
    stderr: expect.stringContaining('/nowhere/at all is not there; mount the file system'),
  });
  // Nobody can make a file there, not even root.
  expect(await run('/proc')).toMatchObject({
    code: 66,
    stderr: expect.stringContaining('/proc cannot be written'),
  });
});
