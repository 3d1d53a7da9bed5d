// The tensor inside one item, without its data: zip directory, `data.pkl`, and where the payload lies.
import type { FileHandle } from 'node:fs/promises';
import { archivePrefix, readSmallEntry } from './item/archive.ts';
import { PositionalBytes } from './item/positional-bytes.ts';
import { damagedItem, unsupportedItem } from './item/problems.ts';
import { parseTensor, type RebuiltTensor } from './item/rebuild-tensor.ts';
import { locateEntryData, readZipDirectory, type ZipEntry } from './item/zip-directory.ts';
import { tensorGlobals } from './pickle/globals.ts';
import { unpickle } from './pickle/unpickle.ts';
import type { ItemHeader, ItemLocation } from './types.ts';
import { DTYPE_BYTES } from './types.ts';

/** `data.pkl` of a tensor takes about 200 bytes; parameters with hooks and metadata a little more. */
const MAX_PICKLE_BYTES = 64 * 1024;

/**
 * Reads and checks the header of a tensor item: two positional reads of about 2 kB as a rule, synchronous, since ten thousand of them
 * in a row are faster that way. The caller yields to the event loop between batches.
 *
 * @param file the open `.distcp` file.
 * @throws ConversionError CheckpointDamaged when the archive contradicts itself, CheckpointUnsupported for compressed or unknown content.
 */
export function readItemHeader(file: FileHandle | number, item: ItemLocation): ItemHeader {
  const bytes = new PositionalBytes(typeof file === 'number' ? file : file.fd, item);
  const entries = readZipDirectory(bytes);
  const prefix = archivePrefix(bytes, entries);
  const pickle = unpickle(
    readSmallEntry(bytes, entries, `${prefix}data.pkl`, MAX_PICKLE_BYTES),
    tensorGlobals,
    describe(item),
  );
  const tensor = parseTensor(pickle, item);
  checkByteOrder(bytes, entries.get(`${prefix}byteorder`));
  return locatePayload(bytes, tensor, entries.get(`${prefix}data/${tensor.storageKey}`));
}

/** Checks that a byte entry is a whole archive with a `data.pkl`; its content is not read. @throws ConversionError CheckpointDamaged. */
export function checkObjectItem(file: FileHandle | number, item: ItemLocation): void {
  const bytes = new PositionalBytes(typeof file === 'number' ? file : file.fd, item);
  const entries = readZipDirectory(bytes);
  archivePrefix(bytes, entries);
}

/** Absent before torch 2.1, which ran on little-endian machines only. */
function checkByteOrder(bytes: PositionalBytes, entry: ZipEntry | undefined): void {
  if (entry === undefined) return;
  const order =
    entry.size <= 16 ? bytes.at(locateEntryData(bytes, entry), entry.size).toString('latin1', 0, entry.size) : '?';
  if (order !== 'little') throw unsupportedItem(bytes.item, `byte order ${JSON.stringify(order)} instead of "little"`);
}

function locatePayload(bytes: PositionalBytes, tensor: RebuiltTensor, entry: ZipEntry | undefined): ItemHeader {
  const { item } = bytes;
  const { dtype, shape, strides, storageOffset, storageBytes } = tensor;
  const empty = shape.includes(0);
  if (entry === undefined && !empty) throw damagedItem(item, `the archive has no data/${tensor.storageKey}`);
  const payloadBytes = entry?.size ?? 0;
  if (payloadBytes !== storageBytes && !(entry === undefined && empty)) {
    throw damagedItem(item, `the storage has ${payloadBytes} bytes, data.pkl says ${storageBytes}`);
  }
  const reach = empty
    ? 0
    : shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), storageOffset + 1);
  if (!(reach * DTYPE_BYTES[dtype] <= payloadBytes)) {
    throw damagedItem(
      item,
      `a tensor of shape [${shape.join(', ')}] reaches past its storage of ${payloadBytes} bytes`,
    );
  }
  const dataOffset = entry === undefined ? item.length : locateEntryData(bytes, entry);
  return {
    dtype,
    shape,
    strides,
    storageOffset,
    payloadOffset: item.offset + dataOffset,
    payloadBytes,
    // torch.serialization.set_crc32_options(False) leaves 0 in every entry.
    crc32: entry === undefined || (entry.crc32 === 0 && payloadBytes > 0) ? null : entry.crc32,
  };
}

function describe(item: ItemLocation): string {
  return `data.pkl of the item at byte ${item.offset} of ${item.file}`;
}
