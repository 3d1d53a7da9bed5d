// What is missing, in words and bytes. Pure.
import { basename, dirname } from 'node:path';
import { formatBytes } from '../../contract/units.ts';
import type { Look, ShortFile } from './types.ts';

const SHOWN = 20;

/** A path that is no directory, with what lies beside it. */
export function describeMissingPath({ path, place, siblings, tracker }: Look): string {
  if (place === 'not a directory')
    return `${path} is a file; one iteration of a checkpoint is a directory, normally iter_NNNNNNN.`;
  if (place === 'parent missing') return `${path} does not exist, and neither does ${dirname(path)}.`;
  const beside = siblings.length === 0 ? 'no iteration yet' : siblings.slice(-SHOWN).join(', ');
  const latest = tracker === null ? '' : `; its tracker names iteration ${tracker}`;
  return `${path} does not exist yet. ${dirname(path)} holds ${beside}${latest}.`;
}

/** What a save without `.metadata` has written so far. */
export function describeProgress({ entries }: Look): string {
  const shards = entries.filter(({ name }) => name.endsWith('.distcp'));
  if (shards.length === 0) return entries.length === 0 ? 'the directory is empty' : 'and no shard either';
  const bytes = shards.reduce((sum, { size }) => sum + size, 0);
  const finishing = entries.some(({ name }) => name === '.metadata.tmp') ? '; .metadata.tmp is there' : '';
  return `${count(shards.length, 'shard')}, ${formatBytes(bytes)} so far${finishing}`;
}

/** Which shards are missing or short, in bytes. */
export function describeShortFiles({ shortFiles, checkpoint }: Look): string {
  const lacking = shortFiles.reduce((sum, { expected, found }) => sum + expected - (found ?? 0), 0);
  const shown = shortFiles.slice(0, SHOWN).map(describeShortFile);
  const more = shortFiles.length > SHOWN ? `; and ${shortFiles.length - SHOWN} more` : '';
  const total = count(checkpoint?.files.size ?? 0, 'shard');
  return `${shortFiles.length} of ${total} are not whole, ${lacking} bytes are missing: ${shown.join('; ')}${more}`;
}

function describeShortFile({ file, expected, found }: ShortFile): string {
  if (found === null) return `${basename(file)} is missing (${expected} bytes)`;
  return `${basename(file)} has ${found} of ${expected} bytes`;
}

/** `1 shard`, `3 shards`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
