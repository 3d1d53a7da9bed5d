// Who works on a target: one record in its parent, created exclusively. Workflow ids are no guard, since parents choose their own.
import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConversionError } from '../contract/failures.ts';
import type { Surroundings } from '../contract/surroundings.ts';
import { syncPath, writeTemporary } from '../files/durable.ts';
import { errorCode } from '../files/error-code.ts';
import {
  type OwnerRecord,
  describeConflict,
  isSameOwner,
  isSameRun,
  readRecord,
  serializeRecord,
} from './owner-record.ts';
import { ownerPath } from '../files/staging.ts';

type OwnershipSurroundings = Pick<Surroundings, 'worker' | 'isOwnerAlive'>;

/** Waiting does not change these. */
const FINAL_CODES = new Set(['EEXIST', 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS']);
const TAKE_ATTEMPTS = 50;
/** Age of a temporary file that nobody uses any more. */
const OLD_MS = 600_000;

/**
 * Become the owner of `target`, or stay it: a record of the same workflow, or of an owner that is no longer at work, is replaced.
 * Missing directories above the target are made.
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
    await mkdir(dirname(ownerPath(target)), { recursive: true });
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

/** The early look, before anything is written. @throws ConversionError TargetOwned when somebody else is at work on `target`. */
export async function refuseOwned(target: string, { worker, isOwnerAlive }: OwnershipSurroundings): Promise<void> {
  const owner = await readOwner(target);
  if (!owner || isSameOwner(owner.worker, worker) || !(await isOwnerAlive(owner.worker))) return;
  throw describeConflict(target, worker, owner);
}

/** @throws ConversionError TargetOwned when `target` is not, or no longer, owned by this very run with this digest. */
export async function checkOwnership(
  target: string,
  byteDigest: string,
  surroundings: Pick<Surroundings, 'worker'>,
): Promise<void> {
  const owner = await readOwner(target);
  if (owner && isSameRun(owner.worker, surroundings.worker) && owner.byte_digest === byteDigest) return;
  throw describeConflict(target, surroundings.worker, owner);
}

/** Remove the record when it is this run's, and what killed processes left beside it; leave anything else alone. */
export async function releaseOwnership(target: string, surroundings: Pick<Surroundings, 'worker'>): Promise<void> {
  const path = ownerPath(target);
  const owner = await readOwner(target);
  if (!owner || !isSameRun(owner.worker, surroundings.worker)) return;
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
    if (!isSameOwner(found.worker, record.worker) && (await surroundings.isOwnerAlive(found.worker))) {
      throw describeConflict(record.target, record.worker, found);
    }
    const turn = `${path}.${found.nonce.slice(0, 8)}`;
    await claim(turn, record, surroundings);
    try {
      if ((await readRecord(path))?.nonce !== found.nonce) continue;
      await rename(await writeTemporary(path, serializeRecord(record)), path);
      await syncPath(dirname(path));
      return;
    } finally {
      await rm(turn, { force: true });
    }
  }
  throw describeConflict(record.target, record.worker, await readRecord(path));
}

/** `link` makes a complete record appear at once, and fails where one is. */
async function createExclusively(path: string, record: OwnerRecord): Promise<boolean> {
  const temporary = await writeTemporary(path, serializeRecord(record));
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
    await writeFile(path, serializeRecord(record), { flag: 'wx', flush: true });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    // A disk that is full leaves the name without the record, which would look owned for ever.
    await rm(path, { force: true });
    throw error;
  }
}
