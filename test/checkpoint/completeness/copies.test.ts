import { readdir, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { attempt, twice } from '../../support/checkpoint-attempts.ts';
import {
  copyFixture,
  iterationName,
  SAVED,
  setTime,
  shardsOf,
  temporaryDirectory,
} from '../../support/checkpoint-fixtures.ts';
import { randomIntegers } from '../../support/checkpoint-random.ts';

describe.each(['core-0.16', 'core-0.19', 'llama-trained'] as const)('%s', (name) => {
  test('git clone', async () => {
    const source = await copyFixture(name);
    const git = (...args: string[]): Promise<unknown> =>
      execa('git', ['-C', dirname(source), '-c', 'user.name=t', '-c', 'user.email=t@t', ...args]);
    await git('init', '-q');
    await git('add', '-A', '-f');
    await git('commit', '-q', '-m', 'checkpoint');
    const clone = join(await temporaryDirectory(), 'clone');
    await execa('git', ['clone', '-q', dirname(source), clone]);
    expect((await twice(join(clone, iterationName(name)))).outcome).toBe('complete');
  });

  test('cp -r', async () => {
    const source = await copyFixture(name);
    const target = join(await temporaryDirectory(), iterationName(name));
    await execa('cp', ['-r', source, target]);
    expect((await twice(target)).outcome).toBe('complete');
  });

  test('cp -rp', async () => {
    const source = await copyFixture(name);
    const target = join(await temporaryDirectory(), iterationName(name));
    await execa('cp', ['-rp', source, target]);
    expect((await attempt(target)).outcome).toBe('complete');
  });

  test('a slow copy without times, the files in any order', async () => {
    const path = await copyFixture(name);
    const random = randomIntegers(3);
    for (let round = 0; round < 20; round += 1) {
      const names = (await readdir(path)).sort(() => random(3) - 1);
      // Ten to twenty seconds a file, as over a slow network.
      let time = SAVED / 1000;
      for (const file of names) {
        time += 10 + random(10);
        await utimes(join(path, file), time, time);
      }
      await setTime(path, time * 1000);
      const seen = await attempt(path);
      expect([names, seen.outcome, seen.message]).toEqual([names, 'complete', '']);
    }
  });

  test('all times equal', async () => {
    const path = await copyFixture(name);
    for (const file of await readdir(path)) await setTime(join(path, file), SAVED);
    expect((await attempt(path)).result?.warnings).toEqual([]);
  });

  test('.metadata first, the shards an hour later: complete, with a warning', async () => {
    const path = await copyFixture(name);
    for (const [index, file] of (await shardsOf(path)).entries())
      await setTime(join(path, file), SAVED + 3_600_000 + 1000 * index);
    const { outcome, result } = await attempt(path);
    expect(outcome).toBe('complete');
    expect(result?.warnings.join()).toContain('younger than .metadata');
  });
});
