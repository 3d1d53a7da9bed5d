// The part of a strided copy that falls into a range of the target: a few two-dimensional strips. Pure arithmetic.
import type { Copy } from '../plan/types.ts';

/**
 * A two-dimensional box of a copy: element (row, column) goes from `source + row * sourceRowStride + column * sourceColumnStride` to the
 * same sum on the target's side. All numbers are in elements. The strides of an axis of size 1 mean nothing.
 */
export interface Strip {
  readonly rows: number;
  readonly columns: number;
  /** First source element. */
  readonly source: number;
  readonly sourceRowStride: number;
  readonly sourceColumnStride: number;
  /** First target element. */
  readonly target: number;
  readonly targetRowStride: number;
  readonly targetColumnStride: number;
}

interface Axis {
  readonly size: number;
  readonly sourceStride: number;
  readonly targetStride: number;
}

/** Stands in where a copy has fewer than two axes that count. */
const SINGLE: Axis = { size: 1, sourceStride: 1, targetStride: 1 };

/**
 * The strips of `copy` whose target elements lie in `[begin, end)` of the target tensor. Target strides are positive and the target
 * elements of a copy are distinct. Where the strides descend, as plan/types.ts promises, the two axes that lie closest together in the
 * target make the strips, and these come in the order of the target; any other order of axes gives the same elements in more strips.
 */
export function* stripsOf(copy: Copy, begin: number, end: number): Generator<Strip> {
  if (copy.shape.includes(0)) return;
  yield* descend(axesOf(copy), 0, copy.sourceOffset, copy.targetOffset, begin, end);
}

/** At least two axes. Those of size 1 carry no information. */
function axesOf(copy: Copy): Axis[] {
  const axes = copy.shape
    .map((size, k) => ({ size, sourceStride: copy.sourceStrides[k] ?? 0, targetStride: copy.targetStrides[k] ?? 0 }))
    .filter((axis) => axis.size !== 1);
  while (axes.length < 2) axes.unshift(SINGLE);
  return axes;
}

function* descend(
  axes: readonly Axis[],
  depth: number,
  source: number,
  target: number,
  begin: number,
  end: number,
): Generator<Strip> {
  const axis = axes[depth];
  const columns = axes[depth + 1];
  if (axis === undefined || columns === undefined) return;
  const [first, last] = indexRange(axis, reach(axes, depth + 1), target, begin, end);
  if (depth < axes.length - 2) {
    for (let i = first; i < last; i++)
      yield* descend(axes, depth + 1, source + i * axis.sourceStride, target + i * axis.targetStride, begin, end);
    return;
  }
  yield* rowsOf(axis, columns, { first, last, source, target, begin, end });
}

/** Elements from the first to the last target element of the axes from `depth` on, inclusive. */
function reach(axes: readonly Axis[], depth: number): number {
  return axes.slice(depth).reduce((sum, axis) => sum + (axis.size - 1) * axis.targetStride, 1);
}

/** The indices along `axis` whose sub-box, `extent` elements long, can meet `[begin, end)`. */
function indexRange(axis: Axis, extent: number, target: number, begin: number, end: number): [number, number] {
  if (axis.size === 1) return target < end && target + extent > begin ? [0, 1] : [0, 0];
  const first = Math.max(0, Math.floor((begin - target - extent) / axis.targetStride) + 1);
  const last = Math.min(axis.size, Math.ceil((end - target) / axis.targetStride));
  return [first, last];
}

interface RowRange {
  readonly first: number;
  readonly last: number;
  readonly source: number;
  readonly target: number;
  readonly begin: number;
  readonly end: number;
}

/** Whole rows make one strip; the first and the last row may be cut by the range. */
function* rowsOf(axis: Axis, columns: Axis, { first, last, source, target, begin, end }: RowRange): Generator<Strip> {
  const strip = (row: number, rows: number, from: number, to: number): Strip => ({
    rows,
    columns: to - from,
    source: source + row * axis.sourceStride + from * columns.sourceStride,
    sourceRowStride: axis.sourceStride,
    sourceColumnStride: columns.sourceStride,
    target: target + row * axis.targetStride + from * columns.targetStride,
    targetRowStride: axis.targetStride,
    targetColumnStride: columns.targetStride,
  });
  // The rows before this one end within the range.
  const firstCut = Math.floor((end - target - reach([columns], 0)) / axis.targetStride) + 1;
  let row = first;
  while (row < last) {
    const start = target + row * axis.targetStride;
    const from = Math.max(0, Math.ceil((begin - start) / columns.targetStride));
    const to = Math.min(columns.size, Math.ceil((end - start) / columns.targetStride));
    const rows = from === 0 ? Math.max(1, Math.min(last, firstCut) - row) : 1;
    // The range may lie between two columns of a row.
    if (to > from) yield strip(row, rows, from, to);
    row += rows;
  }
}
