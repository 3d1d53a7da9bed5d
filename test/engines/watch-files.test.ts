// Progress of ranks that run elsewhere, from the files that they write.
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { watchFiles } from '../../src/engines/watch-files.ts';
import { attemptDirectory, doneFile, exportedFile } from '../../src/files/staging.ts';
import type { RankEvent } from '../../src/rank/types.ts';

it('tells growing and finished files, each change once', async () => {
  const staging = await mkdtemp(join(tmpdir(), 'watch-'));
  onTestFinished(() => rm(staging, { recursive: true, force: true }));
  for (const folder of ['attempt-2', 'done', 'export']) await mkdir(join(staging, folder));
  const files = [
    { name: 'a', bytes: 10 },
    { name: 'b', bytes: 20 },
  ];
  const events: RankEvent[] = [];
  const look = watchFiles(staging, { byteDigest: 'd', files }, (event) => events.push(event));
  const seen = async (): Promise<[string, RankEvent[]]> => {
    const sign = await look(2);
    return [sign, events.splice(0)];
  };
  const [first] = await seen();
  const growing = join(attemptDirectory(staging, 2), 'a');
  await writeFile(growing, 'x'.repeat(4));
  const [second, grown] = await seen();
  expect(second).not.toBe(first);
  expect(grown).toEqual([{ event: 'progress', rank: 0, file: 'a', bytes: 4 }]);
  expect(await seen()).toEqual([second, []]);

  await writeFile(growing, 'x'.repeat(10));
  await rename(growing, exportedFile(staging, 'a'));
  // Moved, and not recorded yet: neither growing nor finished.
  expect((await seen())[1]).toEqual([]);
  const record = {
    name: 'a',
    byteDigest: 'd',
    bytes: 10,
    sha256: '0'.repeat(64),
    tensors: {},
    bytesRead: 11,
    unchecked: 0,
    rank: 3,
    attempt: 2,
    seconds: 1,
  };
  await writeFile(doneFile(staging, 'a'), JSON.stringify(record));
  const [third, done] = await seen();
  expect(done).toEqual([{ event: 'file', rank: 3, file: 'a', bytes: 10, bytesRead: 11, seconds: 1 }]);
  expect(await seen()).toEqual([third, []]);
});
