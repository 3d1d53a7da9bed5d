import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseMetadata } from '../../../src/checkpoint/metadata/parse-metadata.ts';
import { metadataGlobals } from '../../../src/checkpoint/pickle/globals.ts';
import { unpickle } from '../../../src/checkpoint/pickle/unpickle.ts';
import { ConversionError } from '../../../src/contract/failures.ts';
import { fixturePath } from '../../support/checkpoint-fixtures.ts';
import { mutate, randomIntegers } from '../../support/checkpoint-random.ts';

const SEED = 20260115;
const ROUNDS = 4000;

/** Whether the bytes were accepted; anything but a ConversionError fails the test. */
function accepts(bytes: Buffer): boolean {
  try {
    parseMetadata(unpickle(bytes, metadataGlobals, '.metadata'));
    return true;
  } catch (error) {
    if (error instanceof ConversionError) return false;
    throw error;
  }
}

test('.metadata truncated at every byte is refused', async () => {
  const bytes = await readFile(join(fixturePath('core-0.19'), '.metadata'));
  expect(accepts(bytes)).toBe(true);
  for (let length = 0; length < bytes.length; length += 1) {
    if (accepts(bytes.subarray(0, length))) expect.unreachable(`accepted ${length} of ${bytes.length} bytes`);
  }
});

test(`${ROUNDS} mutations of .metadata give a ConversionError or a checkpoint, and never hang`, async () => {
  const bytes = await readFile(join(fixturePath('core-0.19'), '.metadata'));
  const random = randomIntegers(SEED);
  const started = performance.now();
  let refused = 0;
  for (let round = 0; round < ROUNDS; round += 1) if (!accepts(mutate(bytes, random))) refused += 1;
  expect(refused).toBeGreaterThan(ROUNDS / 2);
  expect(performance.now() - started).toBeLessThan(60_000);
});
