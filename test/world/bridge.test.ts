// Engine `bridge` in an existing world: each rank becomes the converter (a stand-in), and they find each other.
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { jsonLines, MAIN, ROOT } from '../cli/run-cli.ts';
import { makeFolder } from '../config/config-folder.ts';
import { bridgeRequest } from '../support/bridge-request.ts';
import { digestTensors, expectedOf } from '../support/rank-conversion.ts';

it('the ranks of torchrun use its store', async () => {
  const folder = await makeFolder();
  const options = ['--standalone', '--local-addr', '127.0.0.1', '--nproc-per-node', '2', '--no-python'];
  const { stdout, stderr, exitCode } = await execa(
    join(ROOT, '.venv/bin/torchrun'),
    [...options, process.execPath, MAIN, 'convert', ...(await bridgeRequest(folder)), `hf_path=${folder}/hf`],
    { reject: false, env: { NO_COLOR: '1', OMP_NUM_THREADS: '1' } },
  );
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  expect(jsonLines(stdout).at(-1)).toMatchObject({ event: 'result', engine: 'bridge', ranks: 2 });
  expect(await digestTensors(`${folder}/hf`)).toEqual((await expectedOf('llama-trained')).tensors);
});
