// What the files of a meeting say. A file that cannot be read as its kind is treated as absent: it may be half there, or of another version.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { inMeeting } from './meeting-paths.ts';
import { readPatiently } from './read-patiently.ts';

const Rank = z.int().min(0);
const Token = z.string().min(1);

/** Written again and again by each rank, from its start to its end. */
export const Beat = z.object({
  rank: Rank,
  /** Drawn by this very process. */
  token: Token,
  /** Grows with each writing: whoever sees it grow knows that the rank lives, whatever the clocks say. */
  count: z.int(),
  host: z.string(),
  pid: z.int(),
  /** The same for processes that see the same process ids. */
  machine: z.string(),
  version: z.string(),
  /** Digest of the request: all ranks must have been given the same. */
  request: z.string(),
  /** The token of the rank 0 whose roll this rank has accepted. */
  roll: Token.nullable(),
});
export type Beat = z.infer<typeof Beat>;

export const Member = Beat.pick({ rank: true, token: true, host: true, pid: true, machine: true });
export type Member = z.infer<typeof Member>;

/** An old roll cannot be taken for this one: it cannot hold the tokens of these processes. */
export const Roll = z.object({ token: Token, members: z.array(Member) });
export type Roll = z.infer<typeof Roll>;

/** Paths are not part of it: each rank works them out from its own request. */
export const Task = z.object({
  token: Token,
  task: z.int().min(1),
  engine: z.enum(['stream', 'bridge']),
  byteDigest: z.string().regex(/^[0-9a-f]{64}$/),
  attempt: z.int().min(1),
  /** Where ranks that want to talk meet: the machine of rank 0, and a port that was free there. */
  rendezvous: z.object({ host: z.string(), port: z.int() }),
});
export type Task = z.infer<typeof Task>;

export const Leader = z.object({ token: Token });
export const Stop = z.object({ token: Token });

const Failure = z.object({
  type: z.string(),
  message: z.string(),
  problems: z.array(z.string()),
  facts: z.record(z.string(), z.unknown()),
});
export type Failure = z.infer<typeof Failure>;

export const Result = z.object({ token: Token, failure: Failure.nullable() });
export const End = z.object({ token: Token, exitCode: z.int() });
export const Gone = z.object({ token: Token, why: z.string(), interrupted: z.boolean() });

/** The message of that name, or null where there is none. @throws ConversionError RankFailed where it cannot be read */
export async function readMessage<T>(meeting: string, name: string, schema: z.ZodType<T>): Promise<T | null> {
  const path = inMeeting(meeting, name);
  const text = await readPatiently(path, () => readFile(path, 'utf8'));
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
