// Fills a block of a target tensor from its source items, strip by strip, with large reads and no per-element work on plain bytes.
import { scatter } from './scatter.ts';
import type { Strip } from './strips.ts';

/** Rows of at least this many bytes are read straight to their place. */
const LARGE_ROW_BYTES = 64 * 1024;
/** Runs that fill less than this part of their span are read one by one. */
const SPARSE = 1 / 4;

/** A source item, read by element (row-major). */
export interface ElementReader {
  /** Reads `count` elements from `element` on into `buffer` at byte `at`. */
  read(element: number, count: number, buffer: Uint8Array, at: number): void;
  /** The same for bytes that go to the output as they are: returns their CRC-32, so that it is worked out once for both sides. */
  readWithCrc(element: number, count: number, buffer: Uint8Array, at: number): number;
}

/** Where a block of a target is put together. Element 0 of `block` is the target's element `begin`. */
export interface Workbench {
  readonly block: Buffer;
  readonly begin: number;
  readonly elementBytes: number;
  /** For bytes that do not go straight to their place. */
  readonly staging: Buffer;
}

/**
 * Copies one strip into the block. Returns the CRC-32 of its bytes where they are consecutive in the target and came in one read, else
 * null. @throws what the reader throws.
 */
export function gatherStrip(item: ElementReader, strip: Strip, bench: Workbench): number | null {
  const { rows, columns, sourceRowStride, sourceColumnStride, targetRowStride } = strip;
  const target = strip.target - bench.begin;
  if (sourceColumnStride === 1 || columns === 1) {
    const contiguous = rows === 1 || (sourceRowStride === columns && targetRowStride === columns);
    if (contiguous) return item.readWithCrc(strip.source, rows * columns, bench.block, target * bench.elementBytes);
    if (columns * bench.elementBytes >= LARGE_ROW_BYTES) readRows(item, strip, bench);
    else
      gatherRuns(item, bench, {
        runs: rows,
        length: columns,
        source: strip.source,
        stride: sourceRowStride,
        target,
        targetRunStride: targetRowStride,
        targetElementStride: 1,
      });
  } else if (sourceRowStride === 1) {
    // A transpose: what is consecutive in the source goes down a column of the target.
    gatherRuns(item, bench, {
      runs: columns,
      length: rows,
      source: strip.source,
      stride: sourceColumnStride,
      target,
      targetRunStride: 1,
      targetElementStride: targetRowStride,
    });
  } else {
    for (let row = 0; row < rows; row++)
      gatherRuns(item, bench, {
        runs: columns,
        length: 1,
        source: strip.source + row * sourceRowStride,
        stride: sourceColumnStride,
        target: target + row * targetRowStride,
        targetRunStride: 1,
        targetElementStride: 1,
      });
  }
  return null;
}

function readRows(item: ElementReader, strip: Strip, { block, begin, elementBytes }: Workbench): void {
  for (let row = 0; row < strip.rows; row++)
    item.read(
      strip.source + row * strip.sourceRowStride,
      strip.columns,
      block,
      (strip.target - begin + row * strip.targetRowStride) * elementBytes,
    );
}

/** `runs` runs of `length` consecutive source elements, `stride` apart. */
interface Runs {
  readonly runs: number;
  readonly length: number;
  readonly source: number;
  readonly stride: number;
  readonly target: number;
  readonly targetRunStride: number;
  readonly targetElementStride: number;
}

/** Loads as many runs as the staging buffer holds, then scatters them. A run longer than the buffer is cut. */
function gatherRuns(item: ElementReader, bench: Workbench, { length, source, target, ...rest }: Runs): void {
  const room = Math.floor(bench.staging.length / bench.elementBytes);
  for (let begin = 0; begin < length; begin += room)
    gatherShortRuns(item, bench, {
      ...rest,
      length: Math.min(room, length - begin),
      source: source + begin,
      target: target + begin * rest.targetElementStride,
    });
}

function gatherShortRuns(item: ElementReader, bench: Workbench, all: Runs): void {
  const { runs, length, source, stride, target, targetRunStride, targetElementStride } = all;
  const { staging, elementBytes } = bench;
  const room = Math.floor(staging.length / elementBytes);
  const packed = length < stride * SPARSE && length * elementBytes >= 512;
  const spacing = packed || stride > room ? length : stride;
  const atOnce = Math.max(1, Math.floor((room - length) / Math.max(1, spacing)) + 1);
  for (let first = 0; first < runs; first += atOnce) {
    const count = Math.min(atOnce, runs - first);
    if (spacing === stride) item.read(source + first * stride, (count - 1) * stride + length, staging, 0);
    else
      for (let run = 0; run < count; run++)
        item.read(source + (first + run) * stride, length, staging, run * length * elementBytes);
    scatter(staging, bench.block, {
      runs: count,
      length,
      spacing,
      target: target + first * targetRunStride,
      targetRunStride,
      targetElementStride,
      elementBytes,
    });
  }
}
