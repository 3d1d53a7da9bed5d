import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MANIFEST_FILE } from '../../src/contract/names.ts';
import { runProcess } from '../../src/launch/run-process.ts';
import { fillStaging, makeFolder, readTree } from '../support/publish-staging.ts';
import { MANY_FILES } from '../support/publish-many-files.ts';

const PROGRAM = join(import.meta.dirname, '..', 'support', 'publish-crash.ts');
const OLD = { 'config.json': 'old' };

const runPublisher = (target: string, delay: number): ReturnType<typeof runProcess> =>
  runProcess({
    command: [process.execPath, PROGRAM, target, String(delay)],
    signal: new AbortController().signal,
    parentDeathSignal: 'KILL',
  });

/** Absent, the old one, or the new one: never anything between. */
function expectWhole(tree: Record<string, string> | null, hadOld: boolean): void {
  const { [MANIFEST_FILE]: manifest, ...files } = tree ?? {};
  if (tree === null) return;
  if (manifest === undefined) expect(hadOld && files).toEqual(OLD);
  else expect(files).toEqual(MANY_FILES);
}

describe('a publisher that is killed again and again', () => {
  it.each([false, true])('always ends with the same target (old target: %s)', async (hadOld) => {
    const folder = await makeFolder();
    const target = join(folder.path, 'hf');
    await fillStaging(target, MANY_FILES);
    if (hadOld) {
      await mkdir(target);
      await writeFile(join(target, 'config.json'), OLD['config.json']);
    }
    let killed = 0;
    for (let delay = 0; delay < 32; delay += 4) {
      const { signalName, exitCode } = await runPublisher(target, delay);
      if (signalName === 'SIGKILL') killed += 1;
      expectWhole(await readTree(target), hadOld);
      if (exitCode === 0) break;
    }
    expect(killed).toBeGreaterThan(0);
    const last = await runPublisher(target, -1);
    expect(last.exitCode, last.tail.join('\n')).toBe(0);
    const { [MANIFEST_FILE]: manifest, ...files } = (await readTree(target)) ?? {};
    expect(files).toEqual(MANY_FILES);
    expect(manifest).toBeDefined();
    const beside = (await readdir(folder.path)).filter((name) => !name.endsWith('.tmp'));
    expect(beside).toEqual(['hf']);
    await folder.remove();
  });
});
