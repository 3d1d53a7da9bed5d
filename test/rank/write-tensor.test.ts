import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DTYPE_BYTES, type DType } from '../../src/checkpoint/types.ts';
import type { Copy, PlannedTensor } from '../../src/plan/types.ts';
import { Buffers } from '../../src/rank/buffers.ts';
import { writeTensor } from '../../src/rank/write-tensor.ts';
import { copyNaively, itemsAt, MemoryItem } from '../support/rank-memory.ts';

function plan(dtype: DType, shape: readonly number[], copies: readonly Copy[]): PlannedTensor {
  const bytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
  return { name: 't', dtype, sourceDtype: dtype, shape, begin: 0, end: bytes, arithmetic: 'none', copies };
}

function run(tensor: PlannedTensor, items: readonly MemoryItem[]): Buffer {
  const blocks: Buffer[] = [];
  const crc = writeTensor(tensor, itemsAt(items), new Buffers(), (block) => {
    blocks.push(Buffer.from(block));
  });
  const all = Buffer.concat(blocks);
  expect(crc).toBe(crc32(all));
  return all;
}

function check(tensor: PlannedTensor, items: readonly MemoryItem[]): void {
  expect(run(tensor, items).equals(copyNaively(tensor, items))).toBe(true);
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

  it('interleaves two transposes, each with every second column', () => {
    const [h, m] = [700, 450];
    const items = [new MemoryItem(m * h, bytes), new MemoryItem(m * h, bytes)];
    const every = { shape: [h, m], sourceOffset: 0, sourceStrides: [1, h], targetStrides: [2 * m, 2] };
    const copies = items.map((_, item) => copyOf(item, { ...every, targetOffset: item }));
    check(plan(dtype, [h, 2 * m], copies), items);
  });

  it.each([2, 3])('interleaves the rows of %i sources', (step) => {
    const [rows, columns] = [400, 130];
    const items = Array.from({ length: step }, () => new MemoryItem(rows * columns, bytes));
    const copies = items.map((_, item) => columnPiece(item, rows, columns, item * columns, step * columns));
    check(plan(dtype, [rows * step, columns], copies), items);
  });

  it('takes every second row, and every second element', () => {
    const [rows, columns] = [500, 300];
    const items = [new MemoryItem(2 * rows * columns, bytes)];
    const row = { shape: [rows, columns], sourceStrides: [2 * columns, 1], targetStrides: [columns, 1] };
    check(plan(dtype, [rows, columns], [copyOf(0, { ...row, sourceOffset: columns, targetOffset: 0 })]), items);
    const single = { shape: [rows * columns], sourceStrides: [2], targetStrides: [1] };
    check(plan(dtype, [rows, columns], [copyOf(0, { ...single, sourceOffset: 1, targetOffset: 0 })]), items);
  });

  it('does not read what lies between runs that are far apart', () => {
    const items = [new MemoryItem(50 * 30_000, bytes)];
    const runs = { shape: [50, 300], sourceStrides: [30_000, 1], targetStrides: [300, 1] };
    check(plan(dtype, [50, 300], [copyOf(0, { ...runs, sourceOffset: 70, targetOffset: 0 })]), items);
    expect(items[0]?.bytesRead).toBe(50 * 300 * bytes);
  });

  it('weaves two vectors into one', () => {
    const items = [new MemoryItem(900_000, bytes), new MemoryItem(900_000, bytes)];
    const every = { shape: [900_000], sourceOffset: 0, sourceStrides: [1], targetStrides: [2] };
    check(
      plan(
        dtype,
        [1_800_000],
        [0, 1].map((item) => copyOf(item, { ...every, targetOffset: item })),
      ),
      items,
    );
    for (const item of items) expect(item.bytesRead).toBe(item.bytes.length);
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

it('reads the sources of interleaved transposes in large pieces', () => {
  const [experts, h, m] = [3, 1440, 1300];
  const items = Array.from({ length: experts }, () => new MemoryItem(2 * m * h, 2));
  const copies = items.flatMap((_, item) =>
    [0, 1].map((half) =>
      copyOf(item, {
        shape: [h, m],
        sourceOffset: half * m * h,
        sourceStrides: [1, h],
        targetOffset: item * 2 * m * h + half,
        targetStrides: [2 * m, 2],
      }),
    ),
  );
  check(plan('BF16', [experts, h, 2 * m], copies), items);
  // A block of 8 MiB holds 1613 rows of the target: each half is met by at most two blocks.
  for (const item of items) {
    expect(item.bytesRead).toBeLessThanOrEqual(2 * item.bytes.length);
    expect(item.reads).toBeLessThanOrEqual(40);
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
