// `metadata.json`: which backend wrote the directory (source: megatron/core/dist_checkpointing/core.py `CheckpointingConfig`).
import { join } from 'node:path';
import { z } from 'zod';
import { readSmallFile } from './read-small-file.ts';

const Content = z.object({ sharded_backend: z.string(), sharded_backend_version: z.int() });

export type MetadataJson =
  | { readonly state: 'absent' }
  /** Written in place, so it can be seen half written. */
  | { readonly state: 'malformed'; readonly problem: string }
  | { readonly state: 'read'; readonly backend: string; readonly version: number };

/** Reads `metadata.json` of an iteration directory; unknown fields are ignored, as Megatron does. */
export async function readMetadataJson(path: string): Promise<MetadataJson> {
  const bytes = await readSmallFile(join(path, 'metadata.json'), 1024 * 1024);
  if (bytes === null) return { state: 'absent' };
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's message quotes the file.
    return { state: 'malformed', problem: `metadata.json is not JSON (${bytes.length} bytes)` };
  }
  const parsed = Content.safeParse(value);
  if (!parsed.success) return { state: 'malformed', problem: `metadata.json: ${z.prettifyError(parsed.error)}` };
  return { state: 'read', backend: parsed.data.sharded_backend, version: parsed.data.sharded_backend_version };
}
