// The dtype that a tensor gets in the export.
import type { DType } from '../checkpoint/types.ts';
import type { ConversionInput } from '../contract/input.ts';

const REQUESTED = { float32: 'F32', bfloat16: 'BF16', float16: 'F16' } as const;
const CASTABLE: ReadonlySet<DType> = new Set(['F64', 'F32', 'F16', 'BF16']);

/** Whether elements are numbers in themselves, without a scale beside them. */
export function isFloat(dtype: DType): boolean {
  return CASTABLE.has(dtype);
}

/**
 * Floating-point tensors take the requested dtype; integers, booleans and FP8 stay as they are. What the family protects is never rounded:
 * float32 stays float32, and 16 bits become float32 or stay.
 */
export function outputDtype(
  name: string,
  source: DType,
  requested: ConversionInput['dtype'],
  isProtected: (name: string) => boolean,
): DType {
  if (requested === 'source' || !CASTABLE.has(source)) return source;
  const wanted = REQUESTED[requested];
  return wanted !== 'F32' && isProtected(name) ? source : wanted;
}

/** A test for names against patterns in which `*` stands for one index. */
export function matchNames(patterns: readonly string[]): (name: string) => boolean {
  const tests = patterns.map((pattern) => {
    const literal = pattern.split('*').map((part) => part.replaceAll('.', String.raw`\.`));
    return new RegExp(`^${literal.join(String.raw`\d+`)}$`);
  });
  return (name) => tests.some((test) => test.test(name));
}
