// The record of who works on a target: its shape, reading it, and telling two owners apart.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ConversionError } from '../contract/failures.ts';
import type { Worker } from '../contract/surroundings.ts';
import { errorCode } from '../files/error-code.ts';
import { ownerPath } from '../files/staging.ts';

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

const READ_ATTEMPTS = 5;
const READ_PAUSE_MS = 100;

/** The record at `path`, or null. @throws ConversionError TargetOwned when the file is no record: nobody may guess whose it is. */
export async function readRecord(path: string): Promise<OwnerRecord | null> {
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

export function serializeRecord(record: OwnerRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** A later run of the same workflow is the same owner. Process ids come again, in another container of the same name above all. */
export function isSameOwner(a: Worker, b: Worker): boolean {
  if (a.kind !== b.kind || a.workflowId !== b.workflowId || a.namespace !== b.namespace) return false;
  return a.kind === 'workflow' || a.runId === b.runId;
}

/** Of a run and the one that was reset or started anew under its id, only the later one works on: it took the record over. */
export function isSameRun(a: Worker, b: Worker): boolean {
  return isSameOwner(a, b) && a.runId === b.runId;
}

/** The error for `ours` where `theirs` owns the target, or nobody does. */
export function describeConflict(target: string, ours: Worker, theirs: OwnerRecord | null): ConversionError {
  const us = describe(ours);
  if (!theirs) {
    return new ConversionError('TargetOwned', `${us} no longer owns ${target}: its ownership record is gone.`);
  }
  if (isSameOwner(ours, theirs.worker)) {
    const message = `${us} no longer owns ${target}: ${describe(theirs.worker)} took it over, ${theirs.taken}.`;
    return new ConversionError('TargetOwned', message, { facts: { target, owner: theirs.worker, asked: ours } });
  }
  const message =
    `${target} is in work by ${describe(theirs.worker)}, since ${theirs.taken}, ` +
    `with byte digest ${theirs.byte_digest.slice(0, 12)}; it was now asked for by ${us}. ` +
    `Wait for it or cancel it; if it is gone for good, remove ${ownerPath(target)}.`;
  return new ConversionError('TargetOwned', message, {
    facts: { target, owner: theirs.worker, taken: theirs.taken, asked: ours },
  });
}

function describe(worker: Worker): string {
  const name = worker.kind === 'workflow' ? `workflow ${worker.workflowId} (run ${worker.runId})` : worker.workflowId;
  return `${name} on ${worker.host}`;
}
