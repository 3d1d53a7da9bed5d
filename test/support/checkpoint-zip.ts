// Writes torch zip archives by hand: stored entries, optionally with every zip64 field in use.
import { crc32 } from 'node:zlib';

export interface ArchiveEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly crc?: number;
  readonly method?: number;
}

export interface ArchiveOptions {
  /** Saturates the classic fields, so that a reader must go by the zip64 ones. */
  readonly zip64?: boolean;
}

/** A torch archive with `data.pkl` and one storage. */
export function tensorArchive(pickle: Uint8Array, payload: Uint8Array, options: ArchiveOptions = {}): Buffer {
  return archiveOf(
    [
      { name: 'archive/data.pkl', data: pickle },
      { name: 'archive/byteorder', data: Buffer.from('little') },
      { name: 'archive/data/0', data: payload },
      { name: 'archive/version', data: Buffer.from('3\n') },
    ],
    options,
  );
}

export function archiveOf(entries: readonly ArchiveEntry[], { zip64 = false }: ArchiveOptions = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  const add = (bytes: Buffer): void => {
    parts.push(bytes);
    offset += bytes.length;
  };
  for (const entry of entries) {
    directory.push(directoryEntry(entry, offset, zip64));
    add(localHeader(entry.name));
    add(Buffer.from(entry.data));
    // Data descriptor, as torch writes: its content is not needed.
    add(Buffer.concat([Buffer.from('PK\x07\x08', 'latin1'), Buffer.alloc(12)]));
  }
  const start = offset;
  for (const bytes of directory) add(bytes);
  const size = offset - start;
  if (zip64) add(end64(entries.length, size, start, offset));
  add(endRecord(entries.length, size, start, zip64));
  return Buffer.concat(parts);
}

function localHeader(name: string): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(0x0808, 6);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(9, 28);
  return Buffer.concat([header, Buffer.from(name), Buffer.from('FB\x05\x00ZZZZZ', 'latin1')]);
}

function directoryEntry({ name, data, crc, method = 0 }: ArchiveEntry, offset: number, zip64: boolean): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(0x0808, 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt32LE(crc ?? crc32(data), 16);
  header.writeUInt32LE(zip64 ? 0xffffffff : data.length, 20);
  header.writeUInt32LE(zip64 ? 0xffffffff : data.length, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(zip64 ? 28 : 0, 30);
  header.writeUInt32LE(zip64 ? 0xffffffff : offset, 42);
  if (!zip64) return Buffer.concat([header, Buffer.from(name)]);
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  for (const [index, value] of [data.length, data.length, offset].entries())
    extra.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
  return Buffer.concat([header, Buffer.from(name), extra]);
}

function end64(count: number, size: number, start: number, at: number): Buffer {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  for (const [index, value] of [count, count, size, start].entries())
    record.writeBigUInt64LE(BigInt(value), 24 + 8 * index);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(at), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator]);
}

function endRecord(count: number, size: number, start: number, zip64: boolean): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(zip64 ? 0xffff : count, 8);
  end.writeUInt16LE(zip64 ? 0xffff : count, 10);
  end.writeUInt32LE(zip64 ? 0xffffffff : size, 12);
  end.writeUInt32LE(zip64 ? 0xffffffff : start, 16);
  return end;
}
