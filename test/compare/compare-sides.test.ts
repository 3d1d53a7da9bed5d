import { expect, test } from 'vitest';
import type { DType } from '../../src/checkpoint/types.ts';
import { compareSides } from '../../src/compare/compare-sides.ts';
import { BLOCK_ELEMENTS } from '../../src/compare/compare-tensor.ts';
import { roundToBfloat16, roundToFloat16 } from '../../src/rank/float-bits.ts';
import { float32, type Stored } from '../support/safetensors-file.ts';
import { memorySide } from './memory-side.ts';

function options(tolerance: number | null = null) {
  return { tolerance, signal: new AbortController().signal, onProgress: () => undefined };
}

function stored(dtype: DType, bytes: ArrayBufferView<ArrayBuffer> & { readonly length: number }): Stored {
  return { dtype, shape: [bytes.length], bytes: new Uint8Array(bytes.buffer) };
}

/** Float32 values as the patterns of a shorter format. */
function shortened(round: (bits: number) => number, values: readonly number[]): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(new Float32Array(values).buffer);
  return Uint16Array.from(bits, round);
}

test('the same bytes are equal', async () => {
  const tensors = { a: float32(1, 2), b: stored('I64', new BigInt64Array([5n])) };
  const result = await compareSides(memorySide(tensors), memorySide(tensors), options());
  expect(result).toMatchObject({ equal: true, worst: null, counts: { equal: 2, different: 0 } });
});

test('what a side holds and cannot show is never equal', async () => {
  const tensors = { a: float32(1, 2) };
  const odd = { ...memorySide(tensors), leftOut: ['decoder.layers.0.extra'] };
  const result = await compareSides(odd, memorySide(tensors), options(1));
  expect(result).toMatchObject({ equal: false, counts: { equal: 1, left_out: 1 } });
});

test('two sides without tensors cannot be compared', async () => {
  const work = compareSides(memorySide({}), memorySide({ a: float32(1) }), options());
  await expect(work).rejects.toMatchObject({ type: 'InvalidInput', problems: [expect.stringContaining('no tensor')] });
});

test('every way to differ has its status, and any of them makes the sides different', async () => {
  const a = memorySide({
    left: float32(1),
    shape: float32(1, 2),
    kind: stored('I32', new Int32Array([1])),
    sign: float32(0),
    value: float32(1, 2, 3),
    whole: stored('I16', new Int16Array([1, 2])),
    same: float32(4),
  });
  const b = memorySide({
    shape: float32(1, 2, 3),
    kind: float32(1),
    sign: float32(-0),
    value: float32(1, 2.5, 3),
    whole: stored('I16', new Int16Array([1, 3])),
    same: float32(4),
    right: float32(1),
  });
  const result = await compareSides(a, b, options());
  expect(Object.fromEntries(result.tensors.map(({ name, status }) => [name, status]))).toEqual({
    left: 'only_in_a',
    shape: 'shape_differs',
    kind: 'not_comparable',
    sign: 'same_values',
    value: 'different',
    whole: 'different',
    same: 'equal',
    right: 'only_in_b',
  });
  expect(result.equal).toBe(false);
  expect(result.worst).toEqual({ name: 'value', max_abs_difference: 0.5 });
  for (const status of ['only_in_a', 'only_in_b', 'shape_differs', 'not_comparable', 'same_values'] as const)
    expect(result.counts[status], status).toBe(1);
});

test.each(['left', 'shape', 'sign', 'value'] as const)('one difference alone: %s', async (which) => {
  const base = { same: float32(4) };
  const pairs = {
    left: [{ x: float32(1) }, {}],
    shape: [{ x: float32(1) }, { x: float32(1, 1) }],
    sign: [{ x: float32(0) }, { x: float32(-0) }],
    value: [{ x: float32(1) }, { x: float32(2) }],
  } as const;
  const [a, b] = pairs[which];
  const result = await compareSides(memorySide({ ...base, ...a }), memorySide({ ...base, ...b }), options());
  expect(result.equal).toBe(false);
});

test('dtypes are compared as numbers: rounding is measured, and exact values are told apart from it', async () => {
  const values = [1, -2.5, 0.1, 1000.123];
  const a = memorySide({ x: float32(...values), y: float32(1, -2.5) });
  const b = memorySide({
    x: stored('BF16', shortened(roundToBfloat16, values)),
    y: stored('F16', shortened(roundToFloat16, [1, -2.5])),
  });
  const strict = await compareSides(a, b, options());
  // 1000.123 lies between the bfloat16 numbers 1000 and 1004.
  const far = Math.abs(Math.fround(1000.123) - 1000);
  expect(strict.tensors).toMatchObject([
    { name: 'x', status: 'different', distance: { different_elements: 2, max_abs_difference: far, at: [3] } },
    { name: 'y', status: 'same_values', distance: { different_elements: 0, max_abs_difference: 0 } },
  ]);
  expect(strict.equal).toBe(false);
  const tolerant = await compareSides(a, b, options(0.2));
  expect(tolerant).toMatchObject({ equal: true, counts: { within_tolerance: 1, same_values: 1 } });
  expect((await compareSides(a, b, options(0.1))).equal).toBe(false);
});

test('F64 is compared with all its digits', async () => {
  const a = memorySide({ x: stored('F64', new Float64Array([1, 1 + 2 ** -52])) });
  const b = memorySide({ x: stored('F64', new Float64Array([1, 1])) });
  const { tensors } = await compareSides(a, b, options());
  expect(tensors[0]?.distance).toMatchObject({ different_elements: 1, max_abs_difference: 2 ** -52, at: [1] });
});

test('FP8 is compared by its bytes', async () => {
  const a = memorySide({ x: stored('F8_E4M3', new Uint8Array([1, 0x7f, 3])) });
  const b = memorySide({ x: stored('F8_E4M3', new Uint8Array([1, 0xff, 3])) });
  const { tensors } = await compareSides(a, b, options(10));
  expect(tensors[0]).toMatchObject({
    status: 'different',
    distance: { different_elements: 1, max_abs_difference: null, at: [1], values: null },
  });
});

test('a tensor of several blocks: the last element is compared, and its index is right', async () => {
  const rows = BLOCK_ELEMENTS / 256 + 1;
  const one = new Float32Array(rows * 256).fill(0.25);
  const other = Float32Array.from(one);
  other[one.length - 1] = 0.5;
  const shape = [rows, 256];
  const seen: number[] = [];
  const result = await compareSides(
    memorySide({ x: { ...stored('F32', one), shape } }),
    memorySide({ x: { ...stored('F32', other), shape } }),
    { ...options(), onProgress: (done, total) => void seen.push(done / total) },
  );
  expect(result.tensors[0]?.distance).toMatchObject({
    different_elements: 1,
    at: [rows - 1, 255],
    values: [0.25, 0.5],
  });
  expect(seen).toHaveLength(2);
  expect(seen.at(-1)).toBe(1);
});

test.each([
  ['different', 1, 2],
  ['same_values', 0, -0],
] as const)('an early block that is %s is not forgotten when later ones are equal', async (status, x, y) => {
  const one = new Float32Array(BLOCK_ELEMENTS + 1);
  const other = Float32Array.from(one);
  one[5] = x;
  other[5] = y;
  const sides = [memorySide({ x: stored('F32', one) }), memorySide({ x: stored('F32', other) })] as const;
  expect(await compareSides(...sides, options())).toMatchObject({ equal: false, tensors: [{ status }] });
});

test('empty tensors and scalars', async () => {
  const nothing: Stored = { dtype: 'F32', shape: [0, 4], bytes: new Uint8Array() };
  const a = memorySide({ nothing, x: { ...float32(1), shape: [] } });
  const b = memorySide({ nothing, x: { ...float32(2), shape: [] } });
  expect((await compareSides(a, b, options())).tensors).toMatchObject([
    { name: 'nothing', status: 'equal' },
    { name: 'x', status: 'different', distance: { at: [], values: [1, 2] } },
  ]);
});

test('a checkpoint sets the order, and is told when it has been read', async () => {
  const exported = memorySide({ b: float32(1), a: float32(1), only: float32(1) });
  const checkpoint = memorySide({ a: float32(1), b: float32(1) }, 'checkpoint');
  const { tensors } = await compareSides(exported, checkpoint, options());
  expect(tensors.map(({ name }) => name)).toEqual(['a', 'b', 'only']);
  expect(checkpoint.finished).toEqual(['a', 'b']);
});

test('an interrupt ends the comparison between two blocks', async () => {
  const side = memorySide({ x: float32(1), y: float32(1) });
  const controller = new AbortController();
  const running = compareSides(side, side, {
    tolerance: null,
    signal: controller.signal,
    onProgress: () => {
      controller.abort(new Error('stop'));
    },
  });
  await expect(running).rejects.toThrow('stop');
  expect(side.finished).toEqual([]);
});
