import { appendFile, copyFile, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSync, closeSync } from 'node:fs';
import { readItemHeader } from '../../../src/checkpoint/item-header.ts';
import { readCheckpoint } from '../../../src/checkpoint/read-checkpoint.ts';
import { attempt, twice } from '../../support/checkpoint-attempts.ts';
import { mutate, randomIntegers } from '../../support/checkpoint-random.ts';
import { copyFixture, overwrite, SAVED, setSaveTimes, setTime, shardsOf } from '../../support/checkpoint-fixtures.ts';

const GENERATIONS = ['core-0.16', 'core-0.19'] as const;
/** Files that a conversion does without. */
const OPTIONAL = /^(common\.pt|run_config\.yaml|train_state\.pt|tokenizer)$/;

/** Both ages of a directory: just changed, and unchanged since long ago. Never a wrong "complete". */
async function verdicts(path: string): Promise<{ fresh: string; old: string }> {
  for (const name of await readdir(path)) await setTime(join(path, name), Date.now());
  await setTime(path, Date.now());
  const fresh = (await twice(path)).outcome;
  await setSaveTimes(path);
  return { fresh, old: (await attempt(path)).outcome };
}

describe.each(GENERATIONS)('%s', (name) => {
  test('sound: complete at the first attempt when it is old', async () => {
    const path = await copyFixture(name);
    const { outcome, result } = await attempt(path);
    expect(outcome).toBe('complete');
    expect(result).toMatchObject({
      path,
      tracker: name === 'core-0.16' ? '120' : '500',
      common_state: name === 'core-0.16' ? 'common.pt' : 'entry',
      run_config: name === 'core-0.19',
      warnings: [],
    });
  });

  test('every single missing file', async () => {
    const path = await copyFixture(name);
    for (const file of await readdir(path)) {
      await rename(join(path, file), join(path, '..', 'aside'));
      const { fresh, old } = await verdicts(path);
      if (OPTIONAL.test(file)) expect([file, fresh, old]).toEqual([file, 'complete', 'complete']);
      else {
        expect([file, fresh]).toEqual([file, 'CheckpointIncomplete']);
        expect([file, old]).toEqual([
          file,
          file === 'metadata.json' ? 'CheckpointUnsupported' : 'CheckpointIncomplete',
        ]);
      }
      await rename(join(path, '..', 'aside'), join(path, file));
    }
  });

  test('every file truncated at several points', async () => {
    const path = await copyFixture(name);
    for (const file of (await readdir(path)).filter((entry) => entry !== 'tokenizer' && entry !== 'train_state.pt')) {
      const full = join(path, file);
      const bytes = await readFile(full);
      const points = new Set([0, 1, bytes.length >> 2, bytes.length >> 1, bytes.length - 22, bytes.length - 1]);
      for (const point of points) {
        await writeFile(full, bytes.subarray(0, point));
        const { fresh, old } = await verdicts(path);
        expect([file, point, fresh]).toEqual([file, point, 'CheckpointIncomplete']);
        // Half a run_config.yaml can be sound YAML; it is no part of the data.
        if (file !== 'run_config.yaml') expect([file, point, old]).not.toContain('complete');
      }
      await writeFile(full, bytes);
    }
  });

  test('every file filled with zeros', async () => {
    const path = await copyFixture(name);
    for (const file of (await readdir(path)).filter((entry) => entry !== 'tokenizer' && entry !== 'train_state.pt')) {
      const full = join(path, file);
      const bytes = await readFile(full);
      await writeFile(full, Buffer.alloc(bytes.length));
      const { fresh, old } = await verdicts(path);
      expect([file, fresh]).toEqual([file, 'CheckpointIncomplete']);
      expect([file, old]).toEqual([file, 'CheckpointDamaged']);
      await writeFile(full, bytes);
    }
  });

  test('zeros from the middle of each shard on', async () => {
    const path = await copyFixture(name);
    for (const file of await shardsOf(path)) {
      const { size } = await stat(join(path, file));
      const bytes = await readFile(join(path, file));
      await overwrite(join(path, file), Buffer.alloc(size - (size >> 1)), size >> 1);
      const { fresh, old } = await verdicts(path);
      expect([file, fresh, old]).toEqual([file, 'CheckpointIncomplete', 'CheckpointDamaged']);
      await writeFile(join(path, file), bytes);
    }
  });

  test('zeros in a payload pass: the checksum is for the conversion', async () => {
    const path = await copyFixture(name);
    const checkpoint = await readCheckpoint(path);
    const [chunk] = [...checkpoint.tensors.values()].flatMap(({ chunks }) => chunks);
    if (chunk === undefined) throw new Error('no chunk');
    const file = openSync(join(path, chunk.file), 'r');
    const header = readItemHeader(file, chunk);
    closeSync(file);
    await overwrite(join(path, chunk.file), Buffer.alloc(64), header.payloadOffset);
    await setSaveTimes(path);
    expect((await attempt(path)).outcome).toBe('complete');
  });

  test('two shards exchanged', async () => {
    const path = await copyFixture(name);
    const [one = '', two = ''] = await shardsOf(path);
    await rename(join(path, one), join(path, 'x'));
    await rename(join(path, two), join(path, one));
    await rename(join(path, 'x'), join(path, two));
    expect((await verdicts(path)).old).not.toBe('complete');
  });

  test('half rewritten: some shards of a second save, one of them short', async () => {
    const path = await copyFixture(name);
    const [first = ''] = await shardsOf(path);
    const bytes = await readFile(join(path, first));
    await writeFile(join(path, first), bytes.subarray(0, bytes.length >> 1));
    expect((await twice(path)).outcome).toBe('CheckpointIncomplete');
    // The same shard whole, minutes after the old `.metadata`: complete only in appearance.
    await writeFile(join(path, first), bytes);
    const seen = await twice(path);
    expect(seen.outcome).toBe('CheckpointIncomplete');
    expect(seen.message).toContain('another save may be writing');
    const quiet = { now: (): number => Date.now() + 300_000 };
    expect((await twice(path, quiet)).outcome).toBe('AmbiguousGenerations');
    const allowed = await twice(path, { ...quiet, request: { allow_ambiguous_generations: true } });
    expect(allowed.outcome).toBe('complete');
    expect(allowed.result?.warnings.join()).toContain('allow_ambiguous_generations');
  });

  test('one shard clearly younger than the others', async () => {
    const path = await copyFixture(name);
    const [first = ''] = await shardsOf(path);
    await setTime(join(path, first), SAVED + 3_600_000);
    expect((await attempt(path)).outcome).toBe('AmbiguousGenerations');
  });

  test('a younger stray shard that nobody names waits until it is quiet, then warns', async () => {
    const path = await copyFixture(name);
    await writeFile(join(path, '__99_0.distcp'), 'the beginning of another save');
    expect((await twice(path)).outcome).toBe('CheckpointIncomplete');
    const settled = await twice(path, { now: () => Date.now() + 300_000 });
    expect(settled.outcome).toBe('complete');
    expect(settled.result?.warnings.join()).toContain('__99_0.distcp');
  });

  test('an older stray shard and a longer file warn', async () => {
    const path = await copyFixture(name);
    const [first = ''] = await shardsOf(path);
    await copyFile(join(path, first), join(path, '__99_0.distcp'));
    await appendFile(join(path, first), 'left over');
    await setSaveTimes(path);
    const { outcome, result } = await attempt(path);
    expect(outcome).toBe('complete');
    expect(result?.warnings).toHaveLength(2);
  });

  test('.metadata.tmp beside .metadata: a finalisation runs, or one died', async () => {
    const path = await copyFixture(name);
    await writeFile(join(path, '.metadata.tmp'), 'x');
    expect((await twice(path)).outcome).toBe('CheckpointIncomplete');
    await setSaveTimes(path);
    expect((await attempt(path)).result?.warnings.join()).toContain('.metadata.tmp');
  });

  test('a shard that has the size but holds another tensor', async () => {
    const path = await copyFixture(name);
    const checkpoint = await readCheckpoint(path);
    const chunks = [...checkpoint.tensors.values()].flatMap(({ chunks: all }) => all);
    const pair = chunks.flatMap((one) =>
      chunks
        .filter((two) => two.length === one.length && two.sizes.join() !== one.sizes.join())
        .map((two) => [one, two] as const),
    )[0];
    if (pair === undefined) return;
    const [one, two] = pair;
    const bytes = (await readFile(join(path, two.file))).subarray(two.offset, two.offset + two.length);
    await overwrite(join(path, one.file), bytes, one.offset);
    await setSaveTimes(path);
    const seen = await attempt(path);
    expect(seen.outcome).toBe('CheckpointDamaged');
    expect(seen.message).toContain('.metadata says');
  });
});

test('what is missing is said in bytes, and bounded', async () => {
  const path = await copyFixture('core-0.16');
  const [first = '', second = ''] = await shardsOf(path);
  const { size } = await stat(join(path, first));
  await truncate(join(path, first), 100);
  await rm(join(path, second));
  const { error, message } = await attempt(path);
  expect(message).toContain(`${first} has 100 of ${size} bytes`);
  expect(message).toContain(`${second} is missing`);
  expect(error?.facts).toMatchObject({
    path,
    missing: [
      { file: first, expected: size, found: 100 },
      { file: second, found: null },
    ],
    unchanged_seconds: expect.any(Number) as number,
    stalled: false,
  });
});

test('the files that a save writes last are on the list too', async () => {
  const path = await copyFixture('core-0.16');
  await rm(join(path, '.metadata'));
  await rm(join(path, 'metadata.json'));
  expect((await attempt(path)).error?.facts['missing']).toEqual([
    { file: '.metadata', expected: null, found: null },
    { file: 'metadata.json', expected: null, found: null },
  ]);
});

test('an abandoned save is said to be stalled', async () => {
  const path = await copyFixture('core-0.16');
  await rm(join(path, '.metadata'));
  await setTime(path, SAVED);
  const { outcome, message, error } = await attempt(path);
  expect(outcome).toBe('CheckpointIncomplete');
  expect(message).toContain('STALLED');
  expect(error?.facts).toMatchObject({ stalled: true });
});

test('random defects of any file never give anything but a verdict', async () => {
  const path = await copyFixture('core-0.19');
  const names = (await readdir(path)).filter((name) => name !== 'tokenizer');
  const random = randomIntegers(11);
  for (let round = 0; round < 200; round += 1) {
    const full = join(path, names[random(names.length)] ?? '.metadata');
    const bytes = await readFile(full);
    await writeFile(full, mutate(bytes, random));
    await setSaveTimes(path);
    // `attempt` throws on whatever is no ConversionError.
    expect((await attempt(path)).outcome).toBeTypeOf('string');
    await writeFile(full, bytes);
  }
});

test('times that a restore preserved are not believed while the looks see changes', async () => {
  const path = await copyFixture('core-0.19');
  const [first = ''] = await shardsOf(path);
  const bytes = await readFile(join(path, first));
  await truncate(join(path, first), 100);
  await setSaveTimes(path);
  const short = await attempt(path);
  expect(short.message).toContain('STALLED');
  await writeFile(join(path, first), Buffer.alloc(bytes.length));
  await setSaveTimes(path);
  const filled = await attempt(path, short);
  expect(filled.outcome).toBe('CheckpointIncomplete');
  const later = { now: (): number => Date.now() + 150_000 };
  expect((await attempt(path, filled, later)).outcome).toBe('CheckpointDamaged');
});
