// Who works on a target: one record in its parent, created exclusively. Workflow ids are no guard, since parents choose their own.
import { randomUUID } from 'node:crypto';
import { link, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ConversionError } from '../contract/failures.ts';
import type { Surroundings, Worker } from '../engines/types.ts';
import { errorCode, syncPath, writeTemporary } from './durable.ts';
import { ownerPath } from './staging.ts';

const OwnerRecord = z.object({
  format: z.literal(1),
  /** Distinguishes two records of one owner. */
  nonce: z.string(),
  target: z.string(),
  byte_digest: z.string(),
  worker: z.object({
    kind: z.enum(['workflow', 'cli']),
    workflowId: z.string(),
    runId: z.string(),
    attempt: z.number(),
    namespace: z.string().nullable(),
    host: z.string(),
    pid: z.number(),
  }),
  /** ISO time. */
  taken: z.string(),
});
export type OwnerRecord = z.infer<typeof OwnerRecord>;

type OwnershipSurroundings = Pick<Surroundings, 'worker' | 'isOwnerAlive'>;

/** Waiting does not change these. */
const FINAL_CODES = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS']);
const READ_ATTEMPTS = 5;
const READ_PAUSE_MS = 100;
const TAKE_ATTEMPTS = 50;
/** Age of a temporary file that nobody uses any more. */
const OLD_MS = 600_000;

/**
 * Become the owner of `target`, or stay it: a record of the same workflow, or of an owner that is no longer at work, is replaced.
 * Safe against any number of processes that try at once: exactly one wins.
 * @throws ConversionError TargetOwned naming both; TargetRefused where the parent cannot be written; PublishFailed for other I/O errors.
 */
export async function takeOwnership(
  target: string,
  byteDigest: string,
  surroundings: OwnershipSurroundings,
): Promise<OwnerRecord> {
  const record: OwnerRecord = {
    format: 1,
    nonce: randomUUID(),
    target,
    byte_digest: byteDigest,
    worker: { ...surroundings.worker },
    taken: new Date().toISOString(),
  };
  try {
    await claim(ownerPath(target), record, surroundings);
  } catch (error) {
    if (error instanceof ConversionError) throw error;
    const type = FINAL_CODES.has(errorCode(error) ?? '') ? 'TargetRefused' : 'PublishFailed';
    throw new ConversionError(type, `Cannot write the ownership record of ${target}: ${String(error)}`, {
      cause: error,
    });
  }
  return record;
}

/** The record of the current owner, or null. @throws ConversionError TargetOwned when the record cannot be read as one. */
export function readOwner(target: string): Promise<OwnerRecord | null> {
  return readRecord(ownerPath(target));
}

/** @throws ConversionError TargetOwned when `target` is not, or no longer, owned by this workflow with this digest. */
export async function checkOwnership(
  target: string,
  byteDigest: string,
  surroundings: Pick<Surroundings, 'worker'>,
): Promise<void> {
  const owner = await readOwner(target);
  if (owner && isSame(owner.worker, surroundings.worker) && owner.byte_digest === byteDigest) return;
  throw owned(target, surroundings.worker, owner);
}

/** Remove the record when it is this workflow's, and what killed processes left beside it; leave anything else alone. */
export async function releaseOwnership(target: string, surroundings: Pick<Surroundings, 'worker'>): Promise<void> {
  const path = ownerPath(target);
  const owner = await readOwner(target);
  if (!owner || !isSame(owner.worker, surroundings.worker)) return;
  await rm(path, { force: true });
  const parent = dirname(path);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${basename(path)}.`)) continue;
    const leftOver = join(parent, name);
    // Claims to the turn of a record that is gone mean nothing; a temporary file may be in use unless it is old.
    if (!name.endsWith('.tmp') || (await isOld(leftOver))) await rm(leftOver, { force: true });
  }
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found !== null && Date.now() - found.mtimeMs > OLD_MS;
}

/**
 * A record is only ever replaced by whoever holds the claim `<path>.<nonce of that record>`, taken by the same rules. So of two
 * processes that find one dead owner, the second finds another nonce when its turn comes, and looks again.
 */
async function claim(path: string, record: OwnerRecord, surroundings: OwnershipSurroundings): Promise<void> {
  for (let attempt = 0; attempt < TAKE_ATTEMPTS; attempt += 1) {
    if (await createExclusively(path, record)) return;
    const found = await readRecord(path);
    if (!found) continue;
    if (!isSame(found.worker, record.worker) && (await surroundings.isOwnerAlive(found.worker))) {
      throw owned(record.target, record.worker, found);
    }
    const turn = `${path}.${found.nonce.slice(0, 8)}`;
    await claim(turn, record, surroundings);
    try {
      if ((await readRecord(path))?.nonce !== found.nonce) continue;
      await rename(await writeTemporary(path, serialize(record)), path);
      await syncPath(dirname(path));
      return;
    } finally {
      await rm(turn, { force: true });
    }
  }
  throw owned(record.target, record.worker, await readRecord(path));
}

/** `link` makes a complete record appear at once, and fails where one is. */
async function createExclusively(path: string, record: OwnerRecord): Promise<boolean> {
  const temporary = await writeTemporary(path, serialize(record));
  try {
    await link(temporary, path);
    await syncPath(dirname(path));
    return true;
  } catch (error) {
    const code = errorCode(error);
    // A retransmitted NFS request reports EEXIST for its own success.
    if (code === 'EEXIST') return (await readRecord(path))?.nonce === record.nonce;
    // File systems without hard links.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') return await createByOpening(path, record);
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function createByOpening(path: string, record: OwnerRecord): Promise<boolean> {
  try {
    await writeFile(path, serialize(record), { flag: 'wx', flush: true });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function readRecord(path: string): Promise<OwnerRecord | null> {
  let text = '';
  for (let attempt = 0; attempt < READ_ATTEMPTS; attempt += 1) {
    // Without hard links a record can be seen before it is whole.
    if (attempt > 0) await new Promise((done) => setTimeout(done, READ_PAUSE_MS));
    try {
      text = await readFile(path, 'utf8');
      return OwnerRecord.parse(JSON.parse(text));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      if (errorCode(error) !== null) throw error;
    }
  }
  throw new ConversionError(
    'TargetOwned',
    `${path} is not a readable ownership record (${text.length} characters). Remove it when no run works on the target.`,
  );
}

function serialize(record: OwnerRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

function isSame(a: Worker, b: Worker): boolean {
  return a.kind === b.kind && a.workflowId === b.workflowId && a.namespace === b.namespace;
}

function owned(target: string, ours: Worker, theirs: OwnerRecord | null): ConversionError {
  const us = describe(ours);
  if (!theirs) {
    return new ConversionError('TargetOwned', `${us} no longer owns ${target}: its ownership record is gone.`);
  }
  const message =
    `${target} is in work by ${describe(theirs.worker)}, since ${theirs.taken}, ` +
    `with byte digest ${theirs.byte_digest.slice(0, 12)}; it was now asked for by ${us}.`;
  return new ConversionError('TargetOwned', message, {
    facts: { target, owner: theirs.worker, taken: theirs.taken, asked: ours },
  });
}

function describe(worker: Worker): string {
  const name = worker.kind === 'workflow' ? `workflow ${worker.workflowId} (run ${worker.runId})` : worker.workflowId;
  return `${name} on ${worker.host}`;
}
