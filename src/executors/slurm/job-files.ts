// The files of a Slurm job, in the folder of its attempt. The scripts and the ranks see them by the same paths.
import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../files/error-code.ts';

export interface JobFiles {
  /** What sbatch gets. */
  readonly script: string;
  /** What srun starts on each node. */
  readonly task: string;
  /** Variables of the ranks, mode 0600; the job removes it once it has read it. */
  readonly environment: string;
  /** Output of the job and of its ranks. */
  readonly log: string;
  /** Id of the job that runs this attempt: the first one to start writes it, and another one of the same attempt ends at once. */
  readonly claim: string;
  /** There once a task has begun on any node. */
  readonly begun: string;
  /** The exit code, written by the job at its end: a scheduler without accounting forgets. */
  readonly exit: string;
}

export function jobFiles(folder: string): JobFiles {
  return {
    script: join(folder, 'job.sh'),
    task: join(folder, 'task.sh'),
    environment: join(folder, 'environment.sh'),
    log: join(folder, 'job.log'),
    claim: join(folder, 'claim'),
    begun: join(folder, 'begun'),
    exit: join(folder, 'exit'),
  };
}

export async function writeJobFiles(
  files: JobFiles,
  texts: Readonly<Record<'script' | 'task' | 'environment', string>>,
): Promise<void> {
  await replaceFile(files.environment, texts.environment, 0o600);
  // Nobody else reads the scripts either: an operator's setup lines may say what is not for everybody.
  await replaceFile(files.task, texts.task, 0o700);
  await replaceFile(files.script, texts.script, 0o700);
}

/**
 * The whole file at once: a job of a submission that got no answer may be reading the one before. Made with its mode, and not given it
 * afterwards: nobody may read it in between.
 */
async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content, { flag: 'wx', mode, flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** For a job that has not come to read it, and never will. */
export async function removeEnvironment(files: JobFiles): Promise<void> {
  await rm(files.environment, { force: true });
}

/** The content without its line end, or null where the file is not there or is empty. */
export async function readWord(path: string): Promise<string | null> {
  try {
    const word = (await readFile(path, 'utf8')).trim();
    return word === '' ? null : word;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Bytes at the end of a log that are looked at: torchrun's reports are long, and so are lines of errors. */
const TAIL_BYTES = 512 * 1024;

/** The last lines of the log, none where it is not there. */
export async function readLastLines(path: string, count: number): Promise<string[]> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return [];
  try {
    const { size } = await handle.stat();
    const begin = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - begin);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, begin);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    // The first line is the end of one that was cut.
    if (begin > 0) lines.shift();
    return lines.filter((line) => line.trim() !== '').slice(-count);
  } finally {
    await handle.close();
  }
}
