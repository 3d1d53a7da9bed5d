import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DTYPE_BYTES, type DType } from '../../src/checkpoint/types.ts';
import type { Copy, PlannedTensor } from '../../src/plan/types.ts';
import { Buffers } from '../../src/rank/buffers.ts';
import type { ElementReader } from '../../src/rank/gather.ts';
import { writeTensor } from '../../src/rank/write-tensor.ts';

/** An item in memory that counts its reads. */
class MemoryItem implements ElementReader {
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

function plan(dtype: DType, shape: readonly number[], copies: readonly Copy[]): PlannedTensor {
  const bytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
  return { name: 't', dtype, sourceDtype: dtype, shape, begin: 0, end: bytes, arithmetic: 'none', copies };
}

function run(tensor: PlannedTensor, items: readonly MemoryItem[]): Buffer {
  const blocks: Buffer[] = [];
  const itemAt = (index: number): MemoryItem => {
    const item = items[index];
    if (item === undefined) throw new RangeError(`no item ${index}`);
    return item;
  };
  const crc = writeTensor(tensor, itemAt, new Buffers(), (block) => {
    blocks.push(Buffer.from(block));
  });
  const all = Buffer.concat(blocks);
  expect(crc).toBe(crc32(all));
  return all;
}

/** Element by element, by the definition of a copy. */
function naive(tensor: PlannedTensor, items: readonly MemoryItem[]): Buffer {
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

function check(tensor: PlannedTensor, items: readonly MemoryItem[]): void {
  expect(run(tensor, items).equals(naive(tensor, items))).toBe(true);
}

const copyOf = (item: number, parts: Omit<Copy, 'item'>): Copy => ({ item, ...parts });

/** A whole item as consecutive elements of the target. */
const flat = (item: number, size: number, targetOffset: number): Copy =>
  copyOf(item, { shape: [size], sourceOffset: 0, sourceStrides: [1], targetOffset, targetStrides: [1] });

/** A whole item of `width` columns as columns of a target of `targetWidth`. */
const columnPiece = (item: number, rows: number, width: number, targetOffset: number, targetWidth: number): Copy =>
  copyOf(item, {
    shape: [rows, width],
    sourceOffset: 0,
    sourceStrides: [width, 1],
    targetOffset,
    targetStrides: [targetWidth, 1],
  });

describe.each(['U8', 'BF16', 'F32', 'F64'] as const)('writeTensor, %s', (dtype) => {
  const bytes = DTYPE_BYTES[dtype];

  it('joins pieces of rows, across blocks', () => {
    const items = [new MemoryItem(300_000, bytes), new MemoryItem(500_000, bytes)];
    check(plan(dtype, [800_000], [flat(0, 300_000, 0), flat(1, 500_000, 300_000)]), items);
  });

  it('interleaves pieces of columns with few reads', () => {
    const items = [new MemoryItem(3000 * 200, bytes), new MemoryItem(3000 * 56, bytes)];
    check(plan(dtype, [3000, 256], [columnPiece(0, 3000, 200, 0, 256), columnPiece(1, 3000, 56, 200, 256)]), items);
    for (const item of items) {
      expect(item.bytesRead).toBe(item.bytes.length);
      expect(item.reads).toBeLessThan(40);
    }
  });

  it('interleaves very narrow pieces', () => {
    const items = [new MemoryItem(5000 * 3, bytes), new MemoryItem(5000 * 2, bytes)];
    check(plan(dtype, [5000, 5], [columnPiece(0, 5000, 3, 0, 5), columnPiece(1, 5000, 2, 3, 5)]), items);
  });

  it('takes query groups out of a fused weight', () => {
    const items = [new MemoryItem(6 * 12 * 1000, bytes)];
    const groups = { shape: [6, 8 * 1000], sourceStrides: [12 * 1000, 1], targetStrides: [8 * 1000, 1] };
    check(plan(dtype, [48, 1000], [copyOf(0, { ...groups, sourceOffset: 2000, targetOffset: 0 })]), items);
  });

  it('transposes', () => {
    const items = [new MemoryItem(700 * 900, bytes)];
    const copy = copyOf(0, {
      shape: [700, 900],
      sourceOffset: 0,
      sourceStrides: [1, 700],
      targetOffset: 0,
      targetStrides: [900, 1],
    });
    check(plan(dtype, [700, 900], [copy]), items);
  });

  it('follows any strides', () => {
    const items = [new MemoryItem(20 * 30 * 40, bytes)];
    const copy = copyOf(0, {
      shape: [10, 20, 30],
      sourceOffset: 5,
      sourceStrides: [2, 1200, 40],
      targetOffset: 0,
      targetStrides: [600, 30, 1],
    });
    check(plan(dtype, [10, 20, 30], [copy]), items);
  });

  it('writes scalars and nothing', () => {
    const items = [new MemoryItem(1, bytes)];
    check(
      plan(
        dtype,
        [],
        [copyOf(0, { shape: [], sourceOffset: 0, sourceStrides: [], targetOffset: 0, targetStrides: [] })],
      ),
      items,
    );
    expect(run(plan(dtype, [0, 5], []), items)).toHaveLength(0);
  });
});

it('transposes a tensor that is larger than all buffers', () => {
  const [rows, columns] = [5000, 3000];
  const items = [new MemoryItem(rows * columns, 2)];
  const copy = copyOf(0, {
    shape: [rows, columns],
    sourceOffset: 0,
    sourceStrides: [1, rows],
    targetOffset: 0,
    targetStrides: [columns, 1],
  });
  const output = run(plan('BF16', [rows, columns], [copy]), items);
  const from = new Uint16Array(Uint8Array.from(items[0]?.bytes ?? []).buffer);
  const to = new Uint16Array(Uint8Array.from(output).buffer);
  for (let n = 0; n < 10_000; n++) {
    const row = (n * 7919) % rows;
    const column = (n * 104_729) % columns;
    expect(to[row * columns + column]).toBe(from[column * rows + row]);
  }
});

it('refuses a plan that leaves elements unfilled', () => {
  const copy = copyOf(0, { shape: [5], sourceOffset: 0, sourceStrides: [1], targetOffset: 0, targetStrides: [1] });
  expect(() => run(plan('F32', [6], [copy]), [new MemoryItem(5, 4)])).toThrow(
    't: the plan fills 5 of the 6 elements from 0 to 6',
  );
});

it('refuses a cast that would make infinities, and says how many', () => {
  const item = new MemoryItem(3, 4);
  item.bytes.set(new Uint8Array(Float32Array.from([1, 1e6, -1e6]).buffer));
  const copy = copyOf(0, { shape: [3], sourceOffset: 0, sourceStrides: [1], targetOffset: 0, targetStrides: [1] });
  const tensor = { ...plan('F32', [3], [copy]), dtype: 'F16', end: 6 } as const;
  expect(() => run(tensor, [item])).toThrow('t: 2 finite F32 values are too large for F16');
});
