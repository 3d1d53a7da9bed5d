// The directory of a torch zip archive: end records (zip64 too), central directory, local headers. Entries are stored, never compressed.
import { damagedItem, unsupportedItem } from './problems.ts';
import type { PositionalBytes } from './positional-bytes.ts';

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const ZIP64_EXTRA = 0x0001;
/** A tensor item has about six entries, a common state one for each tensor in it. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;

export interface ZipEntry {
  readonly name: string;
  readonly crc32: number;
  /** Stored size, in bytes. */
  readonly size: number;
  /** Of the local header, relative to the item's start. */
  readonly headerOffset: number;
}

interface Directory {
  readonly count: number;
  readonly bytes: number;
  readonly offset: number;
}

/** All entries by name, in the order of the directory. @throws ConversionError CheckpointDamaged, CheckpointUnsupported. */
export function readZipDirectory(bytes: PositionalBytes): ReadonlyMap<string, ZipEntry> {
  const { item } = bytes;
  if (item.length < END_BYTES) throw damagedItem(item, `${item.length} bytes are too few for a zip archive`);
  bytes.loadTail();
  const directory = findDirectory(bytes);
  const table = bytes.at(directory.offset, directory.bytes);
  const entries = new Map<string, ZipEntry>();
  let position = 0;
  for (let index = 0; index < directory.count; index += 1) {
    if (position + ENTRY_BYTES > table.length || table.readUInt32LE(position) !== ENTRY_SIGNATURE) {
      throw damagedItem(item, `entry ${index + 1} of ${directory.count} of the zip directory is missing`);
    }
    const nameBytes = table.readUInt16LE(position + 28);
    const extraBytes = table.readUInt16LE(position + 30);
    const end = position + ENTRY_BYTES + nameBytes + extraBytes + table.readUInt16LE(position + 32);
    if (end > table.length) throw damagedItem(item, `entry ${index + 1} of the zip directory runs past the directory`);
    const nameStart = position + ENTRY_BYTES;
    const name = table.toString('utf8', nameStart, nameStart + nameBytes);
    const extra = table.subarray(nameStart + nameBytes, nameStart + nameBytes + extraBytes);
    if (entries.has(name)) throw damagedItem(item, `the zip entry ${JSON.stringify(name)} occurs twice`);
    entries.set(name, parseEntry(bytes, table.subarray(position, nameStart), extra, name, directory.offset));
    position = end;
  }
  return entries;
}

/** Where the entry's data begins, relative to the item's start: behind the local header, whose name and extra lengths are its own. */
export function locateEntryData(bytes: PositionalBytes, entry: ZipEntry): number {
  const header = bytes.at(entry.headerOffset, LOCAL_BYTES);
  if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) {
    throw damagedItem(bytes.item, `no zip header of ${JSON.stringify(entry.name)} at ${entry.headerOffset}`);
  }
  const nameBytes = header.readUInt16LE(26);
  const extraBytes = header.readUInt16LE(28);
  const name = bytes.at(entry.headerOffset + LOCAL_BYTES, nameBytes).toString('utf8', 0, nameBytes);
  if (name !== entry.name) {
    throw damagedItem(
      bytes.item,
      `the zip header at ${entry.headerOffset} is of ${JSON.stringify(name)}, not ${JSON.stringify(entry.name)}`,
    );
  }
  const data = entry.headerOffset + LOCAL_BYTES + nameBytes + extraBytes;
  if (data + entry.size > bytes.item.length) {
    throw damagedItem(bytes.item, `${JSON.stringify(entry.name)} of ${entry.size} bytes runs past the item`);
  }
  return data;
}

function findDirectory(bytes: PositionalBytes): Directory {
  const { item } = bytes;
  const endOffset = item.length - END_BYTES;
  // torch writes no archive comment, so the end record is exactly the last 22 bytes.
  const end = bytes.at(endOffset, END_BYTES);
  if (end.readUInt32LE(0) !== END_SIGNATURE || end.readUInt16LE(20) !== 0) {
    throw damagedItem(item, 'its last 22 bytes are no zip end record: the item was not written to its end');
  }
  const classic = { count: end.readUInt16LE(10), bytes: end.readUInt32LE(12), offset: end.readUInt32LE(16) };
  const saturated = classic.count === 0xffff || classic.bytes === 0xffffffff || classic.offset === 0xffffffff;
  const directory = saturated ? readEnd64(bytes, endOffset) : classic;
  if (directory.bytes > MAX_DIRECTORY_BYTES) throw unsupportedItem(item, `a zip directory of ${directory.bytes} bytes`);
  if (directory.offset + directory.bytes > endOffset)
    throw damagedItem(item, 'its zip directory runs past its end record');
  return directory;
}

function readEnd64(bytes: PositionalBytes, endOffset: number): Directory {
  const { item } = bytes;
  const locatorOffset = endOffset - LOCATOR_BYTES;
  const locator = locatorOffset >= 0 ? bytes.at(locatorOffset, LOCATOR_BYTES) : null;
  if (locator?.readUInt32LE(0) !== LOCATOR_SIGNATURE) throw damagedItem(item, 'its zip64 locator is missing');
  const recordOffset = safe(bytes, locator.readBigUInt64LE(8));
  if (recordOffset + END64_BYTES > locatorOffset) throw damagedItem(item, 'its zip64 end record lies past its locator');
  const record = bytes.at(recordOffset, END64_BYTES);
  if (record.readUInt32LE(0) !== END64_SIGNATURE) throw damagedItem(item, 'its zip64 end record is missing');
  return {
    count: safe(bytes, record.readBigUInt64LE(32)),
    bytes: safe(bytes, record.readBigUInt64LE(40)),
    offset: safe(bytes, record.readBigUInt64LE(48)),
  };
}

function parseEntry(bytes: PositionalBytes, fixed: Buffer, extra: Buffer, name: string, limit: number): ZipEntry {
  const { item } = bytes;
  const quoted = JSON.stringify(name);
  if (fixed.readUInt16LE(8) & 1) throw unsupportedItem(item, `the zip entry ${quoted} is encrypted`);
  const method = fixed.readUInt16LE(10);
  if (method !== 0) throw unsupportedItem(item, `the zip entry ${quoted} is compressed (method ${method})`);
  let stored = fixed.readUInt32LE(20);
  let size = fixed.readUInt32LE(24);
  let headerOffset = fixed.readUInt32LE(42);
  if (size === 0xffffffff || stored === 0xffffffff || headerOffset === 0xffffffff) {
    // The zip64 field holds only the values that are saturated, in this order.
    const wide = findExtra(extra, ZIP64_EXTRA);
    let position = 0;
    const next = (): number => {
      if (wide === null || position + 8 > wide.length)
        throw damagedItem(item, `the zip64 sizes of ${quoted} are missing`);
      position += 8;
      return safe(bytes, wide.readBigUInt64LE(position - 8));
    };
    if (size === 0xffffffff) size = next();
    if (stored === 0xffffffff) stored = next();
    if (headerOffset === 0xffffffff) headerOffset = next();
  }
  if (stored !== size) throw damagedItem(item, `the zip entry ${quoted} is stored in ${stored} bytes but has ${size}`);
  if (headerOffset + LOCAL_BYTES + size > limit)
    throw damagedItem(item, `the zip entry ${quoted} runs into the directory`);
  return { name, crc32: fixed.readUInt32LE(16), size, headerOffset };
}

function findExtra(extra: Buffer, id: number): Buffer | null {
  for (let position = 0; position + 4 <= extra.length;) {
    const end = position + 4 + extra.readUInt16LE(position + 2);
    if (end > extra.length) return null;
    if (extra.readUInt16LE(position) === id) return extra.subarray(position + 4, end);
    position = end;
  }
  return null;
}

function safe(bytes: PositionalBytes, value: bigint): number {
  if (value > BigInt(bytes.item.length)) throw damagedItem(bytes.item, `a zip64 value of ${value} is past the item`);
  return Number(value);
}
