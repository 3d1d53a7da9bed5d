// Source items in memory, and copies by their definition, for tests of what the rank program gathers.
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import { DTYPE_BYTES } from '../../src/checkpoint/types.ts';
import type { PlannedTensor } from '../../src/plan/types.ts';
import type { ElementReader } from '../../src/rank/gather.ts';

/** An item in memory that counts its reads. */
export class MemoryItem implements ElementReader {
  readonly bytes: Buffer;
  readonly #elementBytes: number;
  reads = 0;
  bytesRead = 0;

  constructor(elements: number, elementBytes: number) {
    this.bytes = randomBytes(elements * elementBytes);
    this.#elementBytes = elementBytes;
  }

  read(element: number, count: number, buffer: Uint8Array, at: number): void {
    const size = count * this.#elementBytes;
    const begin = element * this.#elementBytes;
    expect(begin + size).toBeLessThanOrEqual(this.bytes.length);
    buffer.set(this.bytes.subarray(begin, begin + size), at);
    this.reads++;
    this.bytesRead += size;
  }

  readWithCrc(element: number, count: number, buffer: Uint8Array, at: number): number {
    this.read(element, count, buffer, at);
    return crc32(buffer.subarray(at, at + count * this.#elementBytes));
  }
}

/** What a plan's copies name by index. @throws RangeError for an item that is not there. */
export function itemsAt(items: readonly MemoryItem[]): (index: number) => MemoryItem {
  return (index) => {
    const item = items[index];
    if (item === undefined) throw new RangeError(`no item ${index}`);
    return item;
  };
}

/** Element by element, by the definition of a copy. */
export function copyNaively(tensor: PlannedTensor, items: readonly MemoryItem[]): Buffer {
  const size = DTYPE_BYTES[tensor.sourceDtype];
  const output = Buffer.alloc(tensor.end);
  for (const copy of tensor.copies) {
    const bytes = items[copy.item]?.bytes ?? Buffer.alloc(0);
    const volume = copy.shape.reduce((product, length) => product * length, 1);
    for (let n = 0; n < volume; n++) {
      let rest = n;
      let source = copy.sourceOffset;
      let target = copy.targetOffset;
      for (let axis = copy.shape.length - 1; axis >= 0; axis--) {
        const index = rest % (copy.shape[axis] ?? 1);
        rest = Math.floor(rest / (copy.shape[axis] ?? 1));
        source += index * (copy.sourceStrides[axis] ?? 0);
        target += index * (copy.targetStrides[axis] ?? 0);
      }
      bytes.copy(output, target * size, source * size, source * size + size);
    }
  }
  return output;
}
