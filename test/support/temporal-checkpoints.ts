// Real checkpoints for tests through the server.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TRAINED = join(ROOT, 'fixtures', 'llama-trained');
/** Outside of the repository's files, kept between runs. */
const CACHE = join(ROOT, 'node_modules', '.cache', 'megatron-to-hf');

export interface TestCheckpoint {
  readonly megatron_path: string;
  readonly hf_model_id: string;
}

/** The trained fixture: 4.8 MB. */
export async function trainedCheckpoint(): Promise<TestCheckpoint> {
  const checkpoint = join(TRAINED, 'checkpoint');
  const iteration = (await readdir(checkpoint))
    .filter((name) => name.startsWith('iter_'))
    .toSorted()
    .at(-1);
  if (iteration === undefined) throw new Error(`no iteration in ${checkpoint}`);
  return { megatron_path: join(checkpoint, iteration), hf_model_id: join(TRAINED, 'reference') };
}

/** A generated checkpoint of at least 1 GB, made once a machine by real megatron-core. */
export async function largeCheckpoint(): Promise<TestCheckpoint> {
  const made = join(CACHE, 'large-1gb');
  if (!existsSync(made)) {
    await mkdir(CACHE, { recursive: true });
    const draft = await mkdtemp(join(CACHE, 'draft-'));
    const script = join(ROOT, 'fixtures', 'scripts', 'build_large.py');
    await promisify(execFile)(join(ROOT, '.venv', 'bin', 'python'), [script, '--gb', '1.0', '--out', draft], {
      timeout: 600_000,
    });
    await rename(draft, made);
  }
  return { megatron_path: join(made, 'checkpoint', 'iter_0000001'), hf_model_id: join(made, 'reference') };
}

/** Copies a checkpoint as an asynchronous save would leave it, in two steps: `shards` first, `finish` writes `.metadata` last. */
export async function arriveLate(source: string, target: string): Promise<{ finish: () => Promise<void> }> {
  const LAST = new Set(['.metadata', 'metadata.json']);
  const names = await readdir(source);
  const copy = (name: string): Promise<void> => cp(join(source, name), join(target, name));
  await mkdir(target, { recursive: true });
  for (const name of names.filter((it) => !LAST.has(it))) await copy(name);
  return {
    async finish() {
      for (const name of names
        .filter((it) => LAST.has(it))
        .toSorted()
        .toReversed())
        await copy(name);
    },
  };
}

/** A directory for one test file, on the file system of the machine's temporary files. */
export async function makeWorkspace(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'megatron-to-hf-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** The staging directory of a target, once it exists. */
export async function findStaging(target: string): Promise<string | null> {
  const names = await readdir(dirname(target));
  const found = names.find((name) => name.startsWith(`.${basename(target)}.`) && name.endsWith('.partial'));
  return found === undefined ? null : join(dirname(target), found);
}
