// What all torch archives have in common: one folder, a `data.pkl` in it, and other small entries beside the storages.
import { crc32 } from 'node:zlib';
import type { PositionalBytes } from './positional-bytes.ts';
import { damagedItem } from './problems.ts';
import { locateEntryData, type ZipEntry } from './zip-directory.ts';

/** The folder that all entries lie in, with its slash: `archive/` for items, the file's stem for `common.pt`. */
export function archivePrefix(bytes: PositionalBytes, entries: ReadonlyMap<string, ZipEntry>): string {
  const [first] = entries.keys();
  const prefix = first?.slice(0, first.indexOf('/') + 1) ?? '';
  if (!entries.has(`${prefix}data.pkl`)) throw damagedItem(bytes.item, 'the archive has no data.pkl');
  return prefix;
}

/** All bytes of an entry. @throws ConversionError CheckpointDamaged without it, or where it is larger than `limit` bytes. */
export function readSmallEntry(
  bytes: PositionalBytes,
  entries: ReadonlyMap<string, ZipEntry>,
  name: string,
  limit: number,
): Buffer {
  const entry = entries.get(name);
  if (entry === undefined) throw damagedItem(bytes.item, `the archive has no ${name}`);
  if (entry.size > limit)
    throw damagedItem(bytes.item, `${name} has ${entry.size} bytes, more than the ${limit} that are read`);
  const data = bytes.at(locateEntryData(bytes, entry), entry.size);
  // 0: the writer had switched checksums off (torch.serialization.set_crc32_options).
  if (entry.crc32 !== 0 && crc32(data) !== entry.crc32)
    throw damagedItem(bytes.item, `${name} does not have its checksum`);
  return data;
}
