// Fixtures of the model families, built by fixtures/families/build.py when a test first asks for one, and kept in .cache.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { buildOnce, modifiedAt } from './build-once.ts';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = join(ROOT, 'fixtures/families');
const SCRIPTS = join(ROOT, 'fixtures/scripts');
const CACHE = join(ROOT, '.cache/families');
const PYTHON = join(ROOT, '.venv/bin/python');
/** Milliseconds. */
const BUILD_LIMIT = 600_000;
const STALE_AFTER = 24 * 3_600_000;

export interface ExpectedTensor {
  /** As in a safetensors header. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Of the raw little-endian bytes. */
  readonly sha256: string;
}

export interface FamilyLayout {
  readonly name: string;
  /** The `iter_*` directory. */
  readonly path: string;
}

export interface FamilyFixture {
  readonly name: string;
  /** Directory with config.json, tokenizer and the original model.safetensors. */
  readonly reference: string;
  readonly expected: Readonly<Record<string, ExpectedTensor>>;
  readonly layouts: readonly FamilyLayout[];
  /** {input_ids, logits} of megatron-core, or of the case's `forward_plain` on Megatron's tensors; null where there is neither. */
  readonly logits: string | null;
}

/** Names of the cases of `fixtures/families/cases/<family>.py`, without starting Python. */
export function caseNames(family: string): readonly string[] {
  const source = readFileSync(join(SOURCES, 'cases', `${family}.py`), 'utf8');
  return Array.from(source.matchAll(/\bCase\(\s*"([^"]+)"/g), ([, name = '']) => name);
}

/**
 * The fixture of a case. The first call builds whatever is missing of all families in one start of Python, the asked one first; several
 * workers may ask at once, and each goes on when its own family is there.
 * Give a hook that calls it ten minutes: cores may be shared.
 *
 * @throws Error naming the known cases, or with the builder's stderr
 */
export async function familyFixture(name: string): Promise<FamilyFixture> {
  const family = families().find((candidate) => caseNames(candidate).includes(name));
  if (family === undefined) {
    const known = families().flatMap((candidate) => caseNames(candidate));
    throw new Error(`no case named ${name} in fixtures/families/cases; there are ${known.join(', ')}`);
  }
  return readFixture(name, join(await builtFamily(family), name));
}

function families(): readonly string[] {
  const files = readdirSync(join(SOURCES, 'cases')).sort();
  return files.filter((file) => file.endsWith('.py')).map((file) => basename(file, '.py'));
}

/** The directory of a family's built cases. */
async function builtFamily(family: string): Promise<string> {
  const target = targetOf(family);
  await mkdir(CACHE, { recursive: true });
  await buildOnce(target, join(CACHE, 'lock'), BUILD_LIMIT, async () => {
    const others = families().filter((other) => other !== family && !existsSync(targetOf(other)));
    await runBuilder([family, ...others]);
  });
  return target;
}

/** Its name holds the digest of all that the cases are made from. */
const targetOf = (family: string): string => join(CACHE, `${family}-${digestSources(family)}`);

/** @throws Error with the builder's stderr when the first of the families failed; whoever asks for another hears of that one. */
async function runBuilder(wanted: readonly string[]): Promise<void> {
  const [first = ''] = wanted;
  const work = join(CACHE, `${process.pid}.partial`);
  const targets = new Map(wanted.map((family) => [family, targetOf(family)]));
  for (const family of wanted) await removeStale(family);
  try {
    const building = execa(PYTHON, [join(SOURCES, 'build.py'), work, ...wanted], {
      reject: false,
      timeout: BUILD_LIMIT,
      env: { HF_HUB_OFFLINE: '1', OMP_NUM_THREADS: '1', OMP_WAIT_POLICY: 'PASSIVE', PYTHONDONTWRITEBYTECODE: '1' },
    });
    for await (const family of building) {
      const target = targets.get(family);
      if (target !== undefined) await rename(join(work, family), target);
    }
    const { exitCode, stderr, timedOut } = await building;
    if ((await modifiedAt(targetOf(first))) !== null) return;
    const how = timedOut ? `took longer than ${BUILD_LIMIT / 1000} s` : `ended with ${exitCode ?? 'a signal'}`;
    throw new Error(`fixtures/families/build.py OUT ${wanted.join(' ')} ${how}:\n${stderr.slice(-4000)}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Earlier builds of the family that nobody can be using any more. */
async function removeStale(family: string): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const path = join(CACHE, name);
    const isOurs = name.startsWith(`${family}-`);
    if (isOurs && Date.now() - ((await modifiedAt(path)) ?? Date.now()) > STALE_AFTER) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

/** The sources that a family is built from, and the versions of the packages that write and read it. */
function digestSources(family: string): string {
  const framework = readdirSync(SOURCES).filter((name) => name.endsWith('.py'));
  const files = [
    ...framework.sort().map((name) => join(SOURCES, name)),
    ...readdirSync(SCRIPTS)
      .sort()
      .filter((name) => name.endsWith('.py'))
      .map((name) => join(SCRIPTS, name)),
    join(SOURCES, 'cases', `${family}.py`),
    join(ROOT, 'python/requirements.txt'),
  ];
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${basename(file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex').slice(0, 16);
}

async function readFixture(name: string, directory: string): Promise<FamilyFixture> {
  const layouts = (await readdir(join(directory, 'layouts'))).sort();
  const logits = join(directory, 'logits.safetensors');
  return {
    name,
    reference: join(directory, 'reference'),
    expected: JSON.parse(await readFile(join(directory, 'expected.json'), 'utf8')) as FamilyFixture['expected'],
    layouts: layouts.map((layout) => ({ name: layout, path: join(directory, 'layouts', layout, 'iter_0000010') })),
    logits: (await modifiedAt(logits)) === null ? null : logits,
  };
}
