// `ended.json` in the folder of an attempt: its converter got to its end, and what it wrote was judged. Later attempts go on from there.
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { jsonIfThere, namesIfThere, sizeIfThere } from '../../files/if-there.ts';
import { syncPath, writeDurably } from '../../files/durable.ts';
import { attemptDirectory, stagingPaths } from '../../files/staging.ts';
import { attemptFolder } from './converter-program.ts';
import type { ConverterRun } from './run-converter.ts';

const Ended = z.object({
  byteDigest: z.string(),
  attempt: z.int().min(1),
  /** Of the converter. */
  arguments: z.array(z.string()),
  /** Bytes of each weight file, by name. */
  files: z.record(z.string(), z.int().min(0)),
});
type EndedAttempt = z.infer<typeof Ended>;

/**
 * The files are on the disk before the record is. What an earlier attempt moved to `export/` goes, so that whatever stands there from now on
 * is of this one.
 */
export async function recordEnd(
  staging: string,
  byteDigest: string,
  run: ConverterRun,
  names: Iterable<string>,
): Promise<void> {
  const { output } = attemptFolder(staging, run.attempt);
  const files: Record<string, number> = {};
  for (const name of names) {
    await syncPath(join(output, name));
    files[name] = (await stat(join(output, name))).size;
  }
  await syncPath(output);
  const paths = stagingPaths(staging);
  for (const directory of [paths.export, paths.done]) await mkdir(directory, { recursive: true });
  await rm(paths.plan, { force: true });
  for (const name of await listWeights(paths.export)) await rm(join(paths.export, name));
  for (const name of await readdir(paths.done)) await rm(join(paths.done, name));
  const { attempt, arguments: given } = run;
  const record: EndedAttempt = { byteDigest, attempt, arguments: [...given], files };
  await writeDurably(recordPath(staging, attempt), JSON.stringify(record));
}

/** Null where no attempt ended well, or some of what it wrote is neither in its folder nor in `export/`. Changes nothing. */
export async function findEnded(staging: string, byteDigest: string): Promise<EndedAttempt | null> {
  for (const attempt of await listAttempts(staging)) {
    const record = Ended.safeParse(await jsonIfThere(recordPath(staging, attempt))).data;
    if (record?.byteDigest === byteDigest && record.attempt === attempt && (await isWhole(staging, record)))
      return record;
  }
  return null;
}

/** The files of the attempt are not to be trusted. */
export async function forgetEnd(staging: string, attempt: number): Promise<void> {
  await rm(recordPath(staging, attempt), { force: true });
}

/** What was moved to `export/` before a worker died goes back to the folder of its attempt. Only the owner of the target may call this. */
export async function goBackTo(staging: string, { attempt, files }: EndedAttempt): Promise<ConverterRun['attempt']> {
  const { output } = attemptFolder(staging, attempt);
  const paths = stagingPaths(staging);
  for (const name of Object.keys(files)) {
    if ((await sizeIfThere(join(output, name))) === null) await rename(join(paths.export, name), join(output, name));
  }
  return attempt;
}

/** Bytes in the folders of attempts that are over: the next attempt removes them before it writes. */
export async function abandonedBytes(staging: string): Promise<number> {
  let bytes = 0;
  for (const attempt of await listAttempts(staging)) {
    const { output } = attemptFolder(staging, attempt);
    for (const name of await listWeights(output)) bytes += (await sizeIfThere(join(output, name))) ?? 0;
  }
  return bytes;
}

async function isWhole(staging: string, { attempt, files }: EndedAttempt): Promise<boolean> {
  const { output } = attemptFolder(staging, attempt);
  for (const [name, bytes] of Object.entries(files)) {
    const found =
      (await sizeIfThere(join(output, name))) ?? (await sizeIfThere(join(stagingPaths(staging).export, name)));
    if (found !== bytes) return false;
  }
  return true;
}

async function listAttempts(staging: string): Promise<number[]> {
  const numbers = (await namesIfThere(staging)).map((name) => Number(/^attempt-(\d+)$/.exec(name)?.[1] ?? 0));
  return numbers.filter((number) => number > 0).sort((a, b) => b - a);
}

const listWeights = async (folder: string): Promise<string[]> =>
  (await namesIfThere(folder)).filter((name) => name.endsWith('.safetensors'));

const recordPath = (staging: string, attempt: number): string => join(attemptDirectory(staging, attempt), 'ended.json');
