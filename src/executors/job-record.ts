// `job.json` in staging: the job that works there. Written before it is submitted, so that a worker that dies between the submission
// and its answer leaves word of it.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../files/durable.ts';
import { errorCode } from '../files/error-code.ts';
import { nameJob } from './job-name.ts';

const JobRecord = z.object({
  name: z.string(),
  /** Name of the profile that it was submitted with. */
  profile: z.string(),
  /** Kind of the scheduler that has it; the profile of that name may be another one when it is looked for. */
  executor: z.string().nullable().default(null),
  attempt: z.int().min(1),
  /** Null until the scheduler has answered. */
  id: z.string().nullable(),
  /** When the submission began, in milliseconds since 1970. */
  submitted: z.number(),
  /** Somebody of ours is ending it: whoever finds this goes on with that, and takes no offence at the cancelled job. */
  ending: z.boolean().default(false),
});
export type JobRecord = z.infer<typeof JobRecord>;

/** Null where no job was submitted, or the last one has been judged. @throws Error for a record that cannot be read. */
export async function readJobRecord(staging: string): Promise<JobRecord | null> {
  const path = recordPath(staging);
  try {
    return JobRecord.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return null;
    if (code !== null) throw error;
    throw new Error(
      `${path} cannot be read as the record of a job. End the job ${nameJob(staging)}, if it is there, and remove the file.`,
      { cause: error },
    );
  }
}

export async function writeJobRecord(staging: string, record: JobRecord): Promise<void> {
  await writeDurably(recordPath(staging), `${JSON.stringify(record)}\n`);
}

export async function removeJobRecord(staging: string): Promise<void> {
  await rm(recordPath(staging), { force: true });
}

/**
 * Removes the record of that job alone. An attempt that lost its worker's connection may learn late how its job ended: the record may be that of
 * the next attempt's job then.
 */
export async function forgetJob(staging: string, id: string): Promise<void> {
  const record = await readJobRecord(staging);
  if (record?.id === id) await removeJobRecord(staging);
}

/** The scripts and logs of an attempt's job. They stay when the attempt's own directory goes: its output is what people read then. */
export async function makeJobFolder(staging: string, attempt: number): Promise<string> {
  const folder = join(staging, 'jobs', String(attempt));
  await mkdir(folder, { recursive: true });
  return folder;
}

const recordPath = (staging: string): string => join(staging, 'job.json');
