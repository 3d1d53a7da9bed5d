// Row-major strides and volumes, in elements.

export function volume(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Strides of a contiguous row-major tensor. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = Array.from({ length: shape.length }, () => 1);
  for (let k = shape.length - 2; k >= 0; k -= 1) strides[k] = (strides[k + 1] ?? 1) * (shape[k + 1] ?? 1);
  return strides;
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0);
}

export interface StridedBox {
  readonly shape: readonly number[];
  readonly sourceStrides: readonly number[];
  readonly targetStrides: readonly number[];
}

/**
 * The same elements with as few dimensions as possible: length-one axes dropped, the others in the order of the target, neighbours joined
 * where both sides allow it.
 */
export function coalesce({ shape, sourceStrides, targetStrides }: StridedBox): StridedBox {
  const axes = shape
    .map((size, k) => ({ size, source: sourceStrides[k] ?? 1, target: targetStrides[k] ?? 1 }))
    .filter(({ size }) => size !== 1)
    .sort((a, b) => b.target - a.target);
  const out: typeof axes = [];
  for (const { size, source, target } of axes) {
    const outer = out.at(-1);
    if (outer && outer.source === source * size && outer.target === target * size) {
      out[out.length - 1] = { size: outer.size * size, source, target };
    } else out.push({ size, source, target });
  }
  if (out.length === 0) out.push({ size: 1, source: 1, target: 1 });
  return {
    shape: out.map(({ size }) => size),
    sourceStrides: out.map(({ source }) => source),
    targetStrides: out.map(({ target }) => target),
  };
}
