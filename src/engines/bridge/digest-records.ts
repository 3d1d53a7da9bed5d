// The digest of what a converter reads beside the shards: unlike for engine `stream`, the model is built from it.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openFile } from '../../checkpoint/open-file.ts';

/** Relative to the checkpoint. */
const RECORDS = ['run_config.yaml', 'common.pt', 'modelopt_state/common.pt'];

/** sha256, hex, over those that are there. @throws ConversionError CheckpointUnsupported for one that is no file. */
export async function digestRecords(path: string): Promise<string> {
  const all = createHash('sha256');
  for (const name of RECORDS) {
    const file = await openFile(join(path, name));
    if (file === null) continue;
    const hash = createHash('sha256');
    for await (const chunk of file.handle.createReadStream()) hash.update(chunk as Buffer);
    all.update(`${name} ${hash.digest('hex')}\n`);
  }
  return all.digest('hex');
}
