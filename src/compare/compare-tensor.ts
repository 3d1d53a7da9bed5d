// One tensor of both sides, in lock step, a block at a time: memory does not grow with the tensor.
import { DTYPE_BYTES } from '../checkpoint/types.ts';
import { isFloat } from '../plan/output-dtype.ts';
import { volume } from '../plan/strides.ts';
import { readNumbers } from './read-numbers.ts';
import { finishTally, startTally, tallyBytes, tallyNumbers, type Tally } from './tally.ts';
import type { Side, Status, TensorComparison, TensorShape } from './types.ts';

/** Elements of a block: 2 MiB of BF16, 8 MiB of F64. */
export const BLOCK_ELEMENTS = 1 << 20;
const LARGEST_ELEMENT = 8;

/** The memory of a comparison, made once. */
export interface Bench {
  readonly a: Buffer;
  readonly b: Buffer;
  readonly numbersOfA: Float32Array;
  readonly numbersOfB: Float32Array;
}

export function makeBench(): Bench {
  return { a: makeBlock(), b: makeBlock(), numbersOfA: makeNumbers(), numbersOfB: makeNumbers() };
}

/** Own memory from offset 0: views of any element size begin aligned. */
function makeBlock(): Buffer {
  return Buffer.from(new ArrayBuffer(BLOCK_ELEMENTS * LARGEST_ELEMENT));
}

function makeNumbers(): Float32Array {
  return new Float32Array(BLOCK_ELEMENTS);
}

export interface TensorRequest {
  readonly name: string;
  readonly a: Side;
  readonly b: Side;
  /** Null: bytes must be equal. */
  readonly tolerance: number | null;
  readonly bench: Bench;
  /** Called after each block with its elements: a place for progress, and for others to run. */
  readonly onBlock: (elements: number) => Promise<void>;
}

/** @throws what the sides throw, and what `onBlock` throws. */
export async function compareTensor(request: TensorRequest): Promise<TensorComparison> {
  const { name } = request;
  const a = request.a.tensors.get(name) ?? null;
  const b = request.b.tensors.get(name) ?? null;
  const verdict = (status: Status): TensorComparison => ({ name, status, a, b, distance: null });
  if (b === null) return verdict('only_in_a');
  if (a === null) return verdict('only_in_b');
  if (a.shape.join() !== b.shape.join()) return verdict('shape_differs');
  if (!areComparable(a, b)) return verdict('not_comparable');
  const { tally, bytesEqual } = await readBoth(request, a, b);
  request.a.finish(name);
  request.b.finish(name);
  const distance = finishTally(tally, a.shape, isFloat(a.dtype));
  return { name, status: judge(tally, bytesEqual, request.tolerance), a, b, distance };
}

/** Whether both tensors will be read. */
export function areComparable(a: TensorShape, b: TensorShape): boolean {
  return a.shape.join() === b.shape.join() && (a.dtype === b.dtype || (isFloat(a.dtype) && isFloat(b.dtype)));
}

async function readBoth(
  { name, a, b, tolerance, bench, onBlock }: TensorRequest,
  { dtype: typeOfA, shape }: TensorShape,
  { dtype: typeOfB }: TensorShape,
): Promise<{ readonly tally: Tally; readonly bytesEqual: boolean }> {
  const elements = volume(shape);
  const elementBytes = DTYPE_BYTES[typeOfA];
  const tally = startTally();
  let bytesEqual = typeOfA === typeOfB;
  for (let begin = 0; begin < elements; begin += BLOCK_ELEMENTS) {
    const count = Math.min(BLOCK_ELEMENTS, elements - begin);
    a.read(name, begin, count, bench.a);
    b.read(name, begin, count, bench.b);
    const bytes = count * elementBytes;
    const same = typeOfA === typeOfB && bench.a.compare(bench.b, 0, bytes, 0, bytes) === 0;
    bytesEqual &&= same;
    if (!same && isFloat(typeOfA)) {
      const x = readNumbers(typeOfA, bench.a, count, bench.numbersOfA);
      const y = readNumbers(typeOfB, bench.b, count, bench.numbersOfB);
      tallyNumbers(tally, x, y, { count, begin, tolerance: tolerance ?? 0 });
    } else if (!same) tallyBytes(tally, bench.a, bench.b, { count, begin, elementBytes });
    await onBlock(count);
  }
  return { tally, bytesEqual };
}

function judge(tally: Tally, bytesEqual: boolean, tolerance: number | null): Status {
  if (bytesEqual) return 'equal';
  if (tally.different > 0) return 'different';
  return tally.largest > 0 && tolerance !== null ? 'within_tolerance' : 'same_values';
}
