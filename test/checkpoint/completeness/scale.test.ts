import { join } from 'node:path';
import { expect, test } from 'vitest';
import { attempt } from '../../support/checkpoint-attempts.ts';
import { setSaveTimes, temporaryDirectory } from '../../support/checkpoint-fixtures.ts';
import { writeCheckpoint } from '../../support/checkpoint-synthetic.ts';

test('ten thousand items of eight shards, zip64 throughout', async () => {
  const path = join(await temporaryDirectory(), 'iter_0000001');
  await writeCheckpoint(path, 100, 100, 8);
  await setSaveTimes(path);
  const started = performance.now();
  const { outcome, message, result } = await attempt(path);
  const seconds = (performance.now() - started) / 1000;
  expect([outcome, message]).toEqual(['complete', '']);
  expect(result).toMatchObject({ items: 10_000, files: 8, iteration: 1 });
  // The figure is 2 s on two quiet cores; tests share them with others.
  expect(seconds).toBeLessThan(10);
});
