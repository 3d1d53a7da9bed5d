// One source item while a file is written: its header compared with the plan, its bytes read and checksummed.
import { crc32 } from 'node:zlib';
import { readItemHeader } from '../checkpoint/item-header.ts';
import { DTYPE_BYTES, type ItemHeader } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import type { PlannedItem } from '../plan/types.ts';
import type { ElementReader } from './gather.ts';
import { sourceError } from './io-error.ts';
import { ItemChecksum } from './item-checksum.ts';
import type { SourceFiles } from './source-files.ts';

export class SourceItem implements ElementReader {
  readonly #files: SourceFiles;
  readonly #item: PlannedItem;
  /** Output tensor that it was opened for: what a person knows it by. */
  readonly #tensor: string;
  readonly #header: ItemHeader;
  readonly #checksum = new ItemChecksum();
  readonly #elementBytes: number;
  bytesRead = 0;

  /** Reads the item's own header. @throws ConversionError CheckpointDamaged, CheckpointUnsupported, SourceChanged, RankFailed. */
  constructor(files: SourceFiles, item: PlannedItem, tensor: string) {
    this.#files = files;
    this.#item = item;
    this.#tensor = tensor;
    try {
      this.#header = readItemHeader(files.descriptor(item.file), item);
    } catch (error) {
      throw sourceError(error, item.file);
    }
    this.#compareWithPlan();
    this.#elementBytes = DTYPE_BYTES[item.dtype];
  }

  /** False where the writer stored no checksum. */
  get hasChecksum(): boolean {
    return this.#header.crc32 !== null;
  }

  read(element: number, count: number, buffer: Uint8Array, at: number): void {
    const begin = this.#begin(element);
    const bytes = this.#readBytes(begin, count * this.#elementBytes, buffer, at);
    if (this.hasChecksum) this.#checksum.add(begin, bytes);
  }

  readWithCrc(element: number, count: number, buffer: Uint8Array, at: number): number {
    const begin = this.#begin(element);
    const bytes = this.#readBytes(begin, count * this.#elementBytes, buffer, at);
    const crc = crc32(bytes);
    if (this.hasChecksum) this.#checksum.add(begin, bytes, crc);
    return crc;
  }

  /**
   * Reads what was not read yet, for its checksum only, and compares. `scratch` is any buffer.
   * @throws ConversionError CorruptData.
   */
  finish(scratch: Uint8Array): void {
    const { payloadBytes, crc32: expected } = this.#header;
    if (expected === null) return;
    for (const [begin, end] of this.#checksum.gaps(payloadBytes)) {
      for (let position = begin; position < end; position += scratch.length)
        this.#checksum.add(position, this.#readBytes(position, Math.min(scratch.length, end - position), scratch, 0));
    }
    const found = this.#checksum.value();
    if (found !== expected) throw this.#corrupt(`its bytes have the CRC-32 ${hex(found)}, expected ${hex(expected)}`);
  }

  #begin(element: number): number {
    return (this.#header.storageOffset + element) * this.#elementBytes;
  }

  #readBytes(begin: number, count: number, buffer: Uint8Array, at: number): Uint8Array {
    const position = this.#header.payloadOffset + begin;
    if (begin + count > this.#header.payloadBytes)
      throw this.#corrupt(`the plan wants bytes up to ${begin + count}, the storage has ${this.#header.payloadBytes}`);
    const read = this.#files.read(this.#item.file, buffer, at, count, position);
    if (read < count)
      throw this.#corrupt(`the file ends at byte ${position + read}, the tensor goes on to ${position + count}`);
    this.bytesRead += count;
    return buffer.subarray(at, at + count);
  }

  #compareWithPlan(): void {
    const { dtype, shape, strides } = this.#header;
    const { dtype: plannedType, shape: planned } = this.#item;
    const where = this.#where();
    if (dtype !== plannedType || shape.join() !== planned.join())
      throw new ConversionError(
        'CheckpointDamaged',
        `${where}: the item holds ${dtype} [${shape.join(', ')}], .metadata says ${plannedType} [${planned.join(', ')}].`,
        { facts: this.#facts() },
      );
    if (!isRowMajor(shape, strides))
      throw new ConversionError(
        'CheckpointUnsupported',
        `${where}: the item has the strides [${strides.join(', ')}] for the shape [${shape.join(', ')}]; Megatron saves contiguous tensors.`,
        { facts: this.#facts() },
      );
  }

  #corrupt(what: string): ConversionError {
    return new ConversionError('CorruptData', `${this.#where()}: ${what}.`, { problems: [what], facts: this.#facts() });
  }

  #where(): string {
    return `${this.#item.file}, item at byte ${this.#item.offset} (read for ${this.#tensor})`;
  }

  #facts(): Record<string, unknown> {
    return { file: this.#item.file, offset: this.#item.offset, length: this.#item.length, tensor: this.#tensor };
  }
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    if (size !== 1 && strides[axis] !== expected) return false;
    expected *= size;
  }
  return true;
}

function hex(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`;
}
