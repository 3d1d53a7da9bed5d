// One iteration directory -> `Checkpoint`: `.metadata` is the one file that decides what the directory holds.
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ConversionError } from '../contract/failures.ts';
import { isMissing } from '../files/error-code.ts';
import { parseMetadata } from './metadata/parse-metadata.ts';
import { metadataGlobals } from './pickle/globals.ts';
import { PickleMachine } from './pickle/unpickle.ts';
import type { PickleValue } from './pickle/values.ts';
import { readSmallFile } from './read-small-file.ts';
import type { Checkpoint } from './types.ts';

/** About 300 bytes an item: room for three million items. */
const MAX_METADATA_BYTES = 1024 ** 3;
/** Some ten milliseconds of work between two turns of the event loop, so that heartbeats go out. */
const OPCODES_A_TURN = 500_000;

/**
 * Reads `.metadata` of an iteration directory. It opens no shard, so it says nothing about whether they are all there.
 *
 * @throws ConversionError CheckpointNotFound without the directory, CheckpointIncomplete without `.metadata`,
 *   CheckpointDamaged or CheckpointUnsupported for what it holds.
 */
export async function readCheckpoint(path: string, signal?: AbortSignal): Promise<Checkpoint> {
  const bytes = await readMetadataFile(path);
  const content = parseMetadata(await unpickleInTurns(bytes, signal));
  return {
    path,
    iteration: iterationOf(path),
    metadataDigest: createHash('sha256').update(bytes).digest('hex'),
    ...content,
  };
}

/** The iteration that a directory name gives: `iter_0000100` -> 100, else null. */
export function iterationOf(path: string): number | null {
  const match = /^iter_(\d{7,15})$/.exec(basename(path));
  return match ? Number(match[1]) : null;
}

async function unpickleInTurns(bytes: Buffer, signal: AbortSignal | undefined): Promise<PickleValue> {
  const machine = new PickleMachine(bytes, metadataGlobals, '.metadata');
  while (!machine.run(OPCODES_A_TURN)) {
    await setImmediate();
    signal?.throwIfAborted();
  }
  return machine.result();
}

async function refuseMissing(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (found?.isDirectory()) return;
  throw new ConversionError(
    'CheckpointNotFound',
    `${path} ${found === null ? 'does not exist' : 'is not a directory'}.`,
    {
      facts: { path },
    },
  );
}

async function readMetadataFile(path: string): Promise<Buffer> {
  const bytes = await readSmallFile(join(path, '.metadata'), MAX_METADATA_BYTES);
  if (bytes !== null) return bytes;
  await refuseMissing(path);
  throw new ConversionError(
    'CheckpointIncomplete',
    `${path} has no .metadata: the save has not finished, or this is not one iteration of a torch_dist checkpoint.`,
    { facts: { path } },
  );
}
