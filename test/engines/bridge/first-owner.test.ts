import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { PYTHON, temporaryDirectory } from '../../support/rank-conversion.ts';

const ROOT = join(import.meta.dirname, '../../..');
const STAND_IN = join(ROOT, 'test/support/bridge-stand-in');

it('of a tensor that several pipeline stages hold, the first one is exported; nothing else changes', async () => {
  const folder = await temporaryDirectory();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = [join(STAND_IN, 'site'), join(ROOT, 'python')].join(':');
  const { stdout } = await execa(PYTHON, [join(STAND_IN, 'first_owner.py'), folder], {
    env: { PYTHONPATH: path, OMP_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' },
    timeout: 120_000,
  });
  expect(JSON.parse(stdout)).toEqual({
    refused: 'ValueError: Tensor exists on more than one PP rank. Found on ranks 0 and 1.',
    both: [0],
    'both again': [0],
    'without a key': [0],
    second: [1],
    none: 'IndexError: list index out of range',
  });
});
