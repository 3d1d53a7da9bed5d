// Fills a block of a target tensor from its source items, strip by strip, with large reads and no per-element work on plain bytes.
import { scatter } from './scatter.ts';
import type { Strip } from './strips.ts';

/** Rows of at least this many bytes are read straight to their place. */
const LARGE_ROW_BYTES = 64 * 1024;
/** Runs that lie further apart are read one by one: what lies between nearer ones costs less to read than another call does (measured). */
const LARGE_GAP_BYTES = 16 * 1024;

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
 * Copies one strip into the block. Returns the CRC-32 of its bytes where they are consecutive in the source and in the target, else null.
 * @throws what the reader throws.
 */
export function gatherStrip(item: ElementReader, strip: Strip, bench: Workbench): number | null {
  const target = strip.target - bench.begin;
  if (isConsecutive(strip))
    return item.readWithCrc(strip.source, strip.rows * strip.columns, bench.block, target * bench.elementBytes);
  const { elements, runs } = orientStrip(strip);
  if (elements.size > 1 && elements.sourceStride !== 1) {
    // No axis follows the source: single elements, along the axis that lies closer together in the source.
    for (let run = 0; run < runs.size; run++)
      gatherRuns(item, bench, {
        runs: elements,
        elements: SINGLE,
        source: strip.source + run * runs.sourceStride,
        target: target + run * runs.targetStride,
      });
    return null;
  }
  const box: Runs = { runs, elements, source: strip.source, target };
  if (elements.targetStride === 1 && elements.size * bench.elementBytes >= LARGE_ROW_BYTES) readRows(item, box, bench);
  else gatherRuns(item, bench, box);
  return null;
}

function isConsecutive({ rows, columns, ...strip }: Strip): boolean {
  const alongRow = columns === 1 || (strip.sourceColumnStride === 1 && strip.targetColumnStride === 1);
  const rowToRow = rows === 1 || (strip.sourceRowStride === columns && strip.targetRowStride === columns);
  return alongRow && rowToRow;
}

interface StripAxis {
  readonly size: number;
  readonly sourceStride: number;
  readonly targetStride: number;
}

const SINGLE: StripAxis = { size: 1, sourceStride: 1, targetStride: 1 };

/** Runs of elements: the elements lie closer together in the source than the runs. In a transpose they go down a column of the target. */
interface Runs {
  readonly runs: StripAxis;
  readonly elements: StripAxis;
  readonly source: number;
  /** Relative to the block. */
  readonly target: number;
}

function orientStrip(strip: Strip): Pick<Runs, 'runs' | 'elements'> {
  const rows = { size: strip.rows, sourceStride: strip.sourceRowStride, targetStride: strip.targetRowStride };
  const columns = {
    size: strip.columns,
    sourceStride: strip.sourceColumnStride,
    targetStride: strip.targetColumnStride,
  };
  const downColumns = columns.size === 1 || (rows.size > 1 && rows.sourceStride < columns.sourceStride);
  return downColumns ? { runs: columns, elements: rows } : { runs: rows, elements: columns };
}

function readRows(item: ElementReader, { runs, elements, source, target }: Runs, bench: Workbench): void {
  for (let run = 0; run < runs.size; run++)
    item.read(
      source + run * runs.sourceStride,
      elements.size,
      bench.block,
      (target + run * runs.targetStride) * bench.elementBytes,
    );
}

/** Loads as many runs as the staging buffer holds, then scatters them. A run longer than the buffer is cut. */
function gatherRuns(item: ElementReader, bench: Workbench, { runs, elements, source, target }: Runs): void {
  const room = Math.floor(bench.staging.length / bench.elementBytes);
  for (let begin = 0; begin < elements.size; begin += room)
    gatherShortRuns(item, bench, {
      runs,
      elements: { ...elements, size: Math.min(room, elements.size - begin) },
      source: source + begin,
      target: target + begin * elements.targetStride,
    });
}

function gatherShortRuns(item: ElementReader, bench: Workbench, { runs, elements, source, target }: Runs): void {
  const { staging, elementBytes } = bench;
  const { size: length } = elements;
  // A single run has no distance to the next.
  const stride = runs.size === 1 ? length : runs.sourceStride;
  const room = Math.floor(staging.length / elementBytes);
  const apart = (stride - length) * elementBytes >= LARGE_GAP_BYTES || stride > room;
  const spacing = apart ? length : stride;
  const atOnce = Math.max(1, Math.floor((room - length) / spacing) + 1);
  for (let first = 0; first < runs.size; first += atOnce) {
    const count = Math.min(atOnce, runs.size - first);
    const from = source + first * stride;
    if (spacing === stride) item.read(from, (count - 1) * stride + length, staging, 0);
    else
      for (let run = 0; run < count; run++)
        item.read(from + run * stride, length, staging, run * length * elementBytes);
    scatter(staging, bench.block, {
      runs: { size: count, from: spacing, to: runs.targetStride },
      elements: { size: length, from: 1, to: elements.targetStride },
      target: target + first * runs.targetStride,
      elementBytes,
    });
  }
}
