// Whether a family protects the tensors that its reference keeps in float32 while the rest has 16 bits.
import type { ReferenceWeights } from '../reference/types.ts';
import { matchNames } from './output-dtype.ts';
import { volume } from './strides.ts';

/**
 * Names that the reference stores in float32, that no pattern of `keepFloat32` covers, and that a cast to 16 bits would therefore round.
 * Empty where dtypes are unknown, and for a reference that is float32 for the most part.
 *
 * @param names what is exported; other tensors of the reference, such as scales, do not count
 */
export function findUnprotected(
  keepFloat32: readonly string[],
  { tensors }: ReferenceWeights,
  names: Iterable<string>,
): readonly string[] {
  const isProtected = matchNames(keepFloat32);
  const float32: string[] = [];
  let [wide, narrow] = [0, 0];
  for (const name of names) {
    const stored = tensors.get(name);
    if (!stored) continue;
    if (stored.dtype !== 'F32') narrow += volume(stored.shape);
    else {
      wide += volume(stored.shape);
      float32.push(name);
    }
  }
  return wide < narrow ? float32.filter((name) => !isProtected(name)) : [];
}
