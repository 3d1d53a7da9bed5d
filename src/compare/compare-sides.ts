// Two sides, tensor by tensor.
import { setImmediate } from 'node:timers/promises';
import { DTYPE_BYTES } from '../checkpoint/types.ts';
import { ConversionError } from '../contract/failures.ts';
import { volume } from '../plan/strides.ts';
import { areComparable, compareTensor, makeBench } from './compare-tensor.ts';
import {
  STATUSES,
  type Comparison,
  type Side,
  type SideSummary,
  type Status,
  type TensorComparison,
  type TensorShape,
} from './types.ts';

export interface CompareOptions {
  /** Null: equal means equal bytes. A number: equal means that no two numbers differ by more, whatever their dtypes. */
  readonly tolerance: number | null;
  readonly signal: AbortSignal;
  /** Bytes of A that have been compared, of those that will be. */
  readonly onProgress: (done: number, total: number) => void;
}

/** @throws ConversionError InvalidInput where a side has no tensor; what the sides throw while they are read; the reason of `signal`. */
export async function compareSides(a: Side, b: Side, options: CompareOptions): Promise<Comparison> {
  const { tolerance, signal, onProgress } = options;
  refuseEmpty([a, b]);
  const bench = makeBench();
  const total = countSharedBytes(a, b);
  let done = 0;
  const tensors: TensorComparison[] = [];
  for (const name of orderNames(a, b)) {
    const elementBytes = DTYPE_BYTES[a.tensors.get(name)?.dtype ?? 'U8'];
    const onBlock = async (elements: number): Promise<void> => {
      done += elements * elementBytes;
      onProgress(done, total);
      // Reading is synchronous; without this turn no signal would be heard.
      await setImmediate();
      signal.throwIfAborted();
    };
    tensors.push(await compareTensor({ name, a, b, tolerance, bench, onBlock }));
  }
  for (const name of [...a.leftOut, ...b.leftOut]) {
    tensors.push({ name, status: 'left_out', a: null, b: null, distance: null });
  }
  const counts = countStatuses(tensors);
  return {
    equal: isEqual(counts, tolerance),
    tolerance,
    a: summarize(a),
    b: summarize(b),
    counts,
    worst: findWorst(tensors),
    tensors,
  };
}

/** Two sides without tensors would be equal, and nothing would be shown. */
function refuseEmpty(sides: readonly Side[]): void {
  const problems = sides.filter(({ tensors }) => tensors.size === 0).map(({ path }) => `${path} holds no tensor`);
  if (problems.length > 0) throw new ConversionError('InvalidInput', `${problems.join('; ')}.`, { problems });
}

/** A checkpoint sets the order: its shards are then read once, from front to back. */
function orderNames(a: Side, b: Side): string[] {
  const [first, second] = a.kind === 'export' && b.kind === 'checkpoint' ? [b, a] : [a, b];
  return [...new Set([...first.tensors.keys(), ...second.tensors.keys()])];
}

function countSharedBytes(a: Side, b: Side): number {
  let bytes = 0;
  for (const [name, tensor] of a.tensors) {
    const other = b.tensors.get(name);
    if (other !== undefined && areComparable(tensor, other)) bytes += bytesOf(tensor);
  }
  return bytes;
}

function countStatuses(tensors: readonly TensorComparison[]): Record<Status, number> {
  const counts = Object.fromEntries(Object.keys(STATUSES).map((status) => [status, 0])) as Record<Status, number>;
  for (const { status } of tensors) counts[status]++;
  return counts;
}

function isEqual(counts: Readonly<Record<Status, number>>, tolerance: number | null): boolean {
  const accepted: readonly string[] = tolerance === null ? ['equal'] : ['equal', 'same_values', 'within_tolerance'];
  return Object.entries(counts).every(([status, count]) => count === 0 || accepted.includes(status));
}

function findWorst(tensors: readonly TensorComparison[]): Comparison['worst'] {
  let worst: Comparison['worst'] = null;
  for (const { name, distance } of tensors) {
    const largest = distance?.max_abs_difference ?? 0;
    if (largest > (worst?.max_abs_difference ?? 0)) worst = { name, max_abs_difference: largest };
  }
  return worst;
}

function summarize({ path, kind, family, tensors, notes }: Side): SideSummary {
  const all = [...tensors.values()];
  return {
    path,
    kind,
    family,
    tensors: all.length,
    parameters: all.reduce((sum, { shape }) => sum + volume(shape), 0),
    bytes: all.reduce((sum, tensor) => sum + bytesOf(tensor), 0),
    notes,
  };
}

function bytesOf({ dtype, shape }: TensorShape): number {
  return volume(shape) * DTYPE_BYTES[dtype];
}
