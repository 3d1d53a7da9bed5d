// The set-up's decisions: what it does when. The programs that it starts are stand-ins, since the real ones bring 6 GB; the gate itself,
// on a fresh clone, is the test of the real ones.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from './source-graph.ts';

/** Each notes its call in `calls`. `slow`, where it exists, makes pip last until it is ended. */
const NPM = `#!/bin/sh
echo npm >> "$CLONE/calls"
rm -rf "$CLONE/node_modules"; mkdir -p "$CLONE/node_modules/.bin"
printf '#!/bin/sh\\necho v24.0.0\\n' > "$CLONE/node_modules/.bin/node"; chmod +x "$CLONE/node_modules/.bin/node"
`;
const PYTHON = `#!/bin/sh
[ "$1" = -c ] && { echo 3.11; exit; }
if [ "$2" = venv ]; then echo venv >> "$CLONE/calls"; mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; exit; fi
echo pip >> "$CLONE/calls"
[ -e "$CLONE/slow" ] && exec sleep 30
exit 0
`;

let clone = '';

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'setup-'));
  for (const path of ['scripts/setup.mjs', 'scripts/setup'])
    cpSync(join(ROOT, path), join(clone, path), { recursive: true });
  mkdirSync(join(clone, 'python'));
  writeFileSync(join(clone, 'python/requirements.txt'), 'torch==1\n');
  writeFileSync(join(clone, 'package-lock.json'), '{}\n');
  for (const [name, text] of [
    ['npm', NPM],
    ['python3', PYTHON],
  ] as const) {
    const path = join(clone, 'programs', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  }
});

afterEach(() => rmSync(clone, { recursive: true, force: true }));

const environment = () => ({ CLONE: clone, PATH: [join(clone, 'programs'), '/usr/bin', '/bin'].join(delimiter) });
const setUp = () =>
  execa(process.execPath, [join(clone, 'scripts/setup.mjs')], { env: environment(), reject: false, timeout: 30_000 });

/** Calls since the last look. */
function calls(): string[] {
  const path = join(clone, 'calls');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  rmSync(path, { force: true });
  return lines;
}

describe('setup.mjs', () => {
  it('installs everything once, and then nothing', async () => {
    const first = await setUp();
    expect(first.exitCode).toBe(0);
    expect(first.stderr).toMatch(/about 1 min[\s\S]*5\.5 GB/);
    expect(calls()).toEqual(['npm', 'venv', 'pip']);
    const second = await setUp();
    expect([second.exitCode, second.stderr, calls()]).toEqual([0, '', []]);
  });

  it('does what a change calls for', async () => {
    await setUp();
    calls();
    appendFileSync(join(clone, 'python/requirements.txt'), 'numpy==1\n');
    await setUp();
    expect(calls()).toEqual(['pip']);
    appendFileSync(join(clone, 'package-lock.json'), '\n');
    await setUp();
    expect(calls()).toEqual(['npm']);
  });

  it('makes a half-made environment anew after an interruption, and waits for what the interrupted one left running', async () => {
    writeFileSync(join(clone, 'slow'), '');
    const child = spawn(process.execPath, [join(clone, 'scripts/setup.mjs')], { env: environment(), stdio: 'ignore' });
    while (!existsSync(join(clone, 'calls')) || !readFileSync(join(clone, 'calls'), 'utf8').includes('pip'))
      await sleep(50);
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    calls();
    rmSync(join(clone, 'slow'));
    expect((await setUp()).exitCode).toBe(0);
    expect(calls()).toEqual(['venv', 'pip']);
  });

  it('is done once when two start together', async () => {
    const both = await Promise.all([setUp(), setUp()]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(calls()).toEqual(['npm', 'venv', 'pip']);
    expect(existsSync(join(clone, '.cache/setup.lock'))).toBe(false);
  });

  it('says which Python it found when none is new enough', async () => {
    writeFileSync(join(clone, 'programs/python3'), '#!/bin/sh\necho 3.9\n');
    for (const name of ['python3.13', 'python3.12', 'python3.11', 'python3.14', 'python']) {
      cpSync(join(clone, 'programs/python3'), join(clone, 'programs', name));
    }
    const { exitCode, stderr } = await setUp();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Python 3.11 or later is needed on the PATH; found: python3 is 3.9');
  });
});
