// Stamps of the source files: the part of the byte digest that is not in `.metadata`.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import type { CheckpointStat, FileStamp } from './byte-digest.ts';

/** @throws ConversionError SourceChanged where a file that `.metadata` names is gone. */
export async function statFiles(checkpoint: Checkpoint): Promise<CheckpointStat> {
  const stamps = await Promise.all(
    [...checkpoint.files.keys()].map(async (file): Promise<[string, FileStamp]> => {
      const path = join(checkpoint.path, file);
      try {
        const { size, mtimeNs, ino } = await stat(path, { bigint: true });
        return [file, { size: String(size), mtime: String(mtimeNs), inode: String(ino) }];
      } catch (error) {
        throw new ConversionError(
          'SourceChanged',
          `${path}: .metadata names this file, but it cannot be examined (${error instanceof Error ? error.message : String(error)}). ` +
            'Start again once nothing writes to the checkpoint.',
          { cause: error, facts: { file } },
        );
      }
    }),
  );
  return new Map(stamps);
}
