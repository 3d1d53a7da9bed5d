// Many copies that fill one tensor together, cut anywhere, gathered into blocks of any size: compared with a loop over the elements.
import { expect, it } from 'vitest';
import type { Copy, PlannedTensor } from '../../src/plan/types.ts';
import { gatherBlock } from '../../src/rank/write-tensor.ts';
import { copyNaively, itemsAt, MemoryItem } from '../support/rank-memory.ts';
import { seededRandom } from '../support/rank-random.ts';

const ELEMENT_TYPES = [
  ['U8', 1],
  ['BF16', 2],
  ['F32', 4],
  ['F64', 8],
] as const;

type Dice = (limit: number) => number;

/** The beginning of each part of `[0, size)`, cut at random places, and the end. */
function cuts(size: number, dice: Dice): number[] {
  const places = Array.from({ length: dice(3) }, () => dice(size + 1));
  return [...new Set([0, ...places, size])].sort((a, b) => a - b);
}

interface Weave {
  readonly shape: readonly number[];
  readonly copies: readonly Copy[];
  /** Elements of each item. */
  readonly items: readonly number[];
}

/**
 * Sources [rows, columns], `step` for each expert, each cut into chunks on both axes. Row r of source k becomes place r * step + k of the
 * rows of the expert's [rows * step, columns], or, transposed, of its [columns, rows * step].
 */
function randomWeave(dice: Dice): Weave {
  const [experts, rows, columns, step] = [1 + dice(3), 1 + dice(9), 1 + dice(9), 1 + dice(3)];
  const transposed = dice(2) === 1;
  const [rowStride, columnStride] = transposed ? [1, rows * step] : [columns, 1];
  const copies: Copy[] = [];
  const items: number[] = [];
  for (let source = 0; source < experts * step; source++) {
    const expert = Math.floor(source / step);
    const rowCuts = cuts(rows, dice);
    const columnCuts = cuts(columns, dice);
    for (const [i, row] of rowCuts.slice(0, -1).entries()) {
      for (const [j, column] of columnCuts.slice(0, -1).entries()) {
        const height = (rowCuts[i + 1] ?? 0) - row;
        const width = (columnCuts[j + 1] ?? 0) - column;
        const axes = [
          { size: height, source: width, target: step * rowStride },
          { size: width, source: 1, target: columnStride },
        ].sort((a, b) => b.target - a.target);
        copies.push({
          item: items.push(height * width) - 1,
          shape: axes.map(({ size }) => size),
          sourceOffset: 0,
          sourceStrides: axes.map((axis) => axis.source),
          targetOffset:
            (expert * rows * columns + row * rowStride) * step + (source % step) * rowStride + column * columnStride,
          targetStrides: axes.map(({ target }) => target),
        });
      }
    }
  }
  const shuffled = copies.map((copy) => ({ copy, place: dice(1000) })).sort((a, b) => a.place - b.place);
  return { shape: [experts, rows * columns * step], copies: shuffled.map(({ copy }) => copy), items };
}

/** The tensor in blocks of a random size, with a random staging buffer. */
function gatherAll(tensor: PlannedTensor, items: readonly MemoryItem[], elementBytes: number, dice: Dice): Buffer {
  const total = tensor.end / elementBytes;
  const room = 1 + dice(2 * total);
  const block = Buffer.from(new ArrayBuffer(room * elementBytes));
  const staging = Buffer.from(new ArrayBuffer((1 + dice(40)) * elementBytes));
  const output: Buffer[] = [];
  for (let begin = 0; begin < total; begin += room) {
    const end = Math.min(total, begin + room);
    block.fill(0xee);
    gatherBlock(tensor, itemsAt(items), { block, begin, elementBytes, staging }, end);
    output.push(Buffer.from(block.subarray(0, (end - begin) * elementBytes)));
  }
  return Buffer.concat(output);
}

it.each(ELEMENT_TYPES)('gathers random weaves of chunks, %s', (dtype, elementBytes) => {
  const random = seededRandom(elementBytes * 101);
  const dice: Dice = (limit) => Math.floor(random() * limit);
  for (let round = 0; round < 400; round++) {
    const { shape, copies, items: sizes } = randomWeave(dice);
    const items = sizes.map((size) => new MemoryItem(size, elementBytes));
    const end = shape.reduce((product, size) => product * size, elementBytes);
    const common = { name: 't', dtype, sourceDtype: dtype, begin: 0, arithmetic: 'none' } as const;
    const tensor: PlannedTensor = { ...common, shape, end, copies };
    expect(sizes.reduce((sum, size) => sum + size, 0) * elementBytes).toBe(end);
    expect(gatherAll(tensor, items, elementBytes, dice)).toEqual(copyNaively(tensor, items));
  }
});
