import { utimesSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { convert } from '../../../src/engines/convert.ts';
import { abandonedBytes, findEnded } from '../../../src/engines/bridge/ended-attempt.ts';
import { validateParallelism } from '../../../src/engines/preflight.ts';
import { verify } from '../../../src/engines/verify.ts';
import { stagingPath } from '../../../src/files/staging.ts';
import { bridgeInput, bridgePolicy, bridgeSurroundings, completenessOf } from '../../support/bridge-worker.ts';
import { digestTensors, expectedOf, temporaryDirectory } from '../../support/rank-conversion.ts';

const CRASH = join(import.meta.dirname, '../../support/bridge-crash.ts');

it('killed again and again while files move into export/: the same bytes, without another conversion', async () => {
  const directory = await temporaryDirectory();
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const input = await bridgeInput(join(directory, 'hf'));
  // Were it started again, it would end without an export.
  const surroundings = bridgeSurroundings(bridgePolicy({}, 'kill'));
  const preflight = await validateParallelism(input, await completenessOf(input.megatron_path), surroundings);
  expect(preflight.files).toBe(2);
  const staging = stagingPath(input.hf_path, preflight.byte_digest);
  const request = join(directory, 'request.json');
  await writeFile(request, JSON.stringify({ input, preflight, worker: surroundings.worker }));
  const first = 'model-00001-of-00002.safetensors';
  const meddled = bridgeSurroundings(bridgePolicy(), {
    onProgress: ({ message }) => {
      // As a process of the converter would that writes on after its end.
      if (message.startsWith(`checksums of ${first}`)) utimesSync(join(staging, 'attempt-1/hf', first), 1, 1);
    },
  });
  await expect(convert(input, preflight, meddled)).rejects.toThrow('written to after the converter had ended');
  expect(await findEnded(staging, preflight.byte_digest)).toBeNull();
  expect(await abandonedBytes(staging)).toBeGreaterThan(preflight.bytes);

  // Each file is moved, then its record: before the first, between the two, and between two files.
  for (const [moves, mode] of [
    ['0', ''],
    ['1', 'kill'],
    ['2', 'kill'],
  ] as const) {
    const { signal } = await execa(process.execPath, [CRASH, request, moves, mode], { reject: false, timeout: 60_000 });
    expect(signal).toBe('SIGKILL');
    expect(await findEnded(staging, preflight.byte_digest)).toMatchObject({ attempt: 2 });
  }
  expect(await findEnded(staging, 'another digest')).toBeNull();

  const converted = await convert(input, preflight, surroundings);
  expect(converted).toMatchObject({ attempt: 2, files: 2, files_reused: 0 });
  expect(converted.converter?.generation).toBe('examples');
  expect(await digestTensors(join(converted.staging, 'export'))).toEqual((await expectedOf('llama-trained')).tensors);
  expect((await readdir(converted.staging)).filter((name) => name.startsWith('attempt-'))).toEqual([]);
  await verify({ ...input, verify: 'readback' }, preflight, converted, surroundings);
});
