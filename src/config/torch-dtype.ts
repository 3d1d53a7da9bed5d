// Names of dtypes as torch and the Nemotron step write them.
import type { Leaves } from './leaf.ts';

/** torch's second names. */
const SYNONYMS = new Map([
  ['float', 'float32'],
  ['half', 'float16'],
]);

/** `torch.bfloat16` is `bfloat16`, `half` is `float16`; null says nothing, as in the step. Every other value stays, to be checked. */
export function readTorchDtype(leaves: Leaves): Leaves {
  const leaf = leaves.get('dtype');
  if (leaf === undefined) return leaves;
  const read = new Map(leaves);
  if (leaf.value === null) read.delete('dtype');
  else if (typeof leaf.value === 'string') {
    const name = leaf.value.replace(/^torch\./, '');
    read.set('dtype', { ...leaf, value: SYNONYMS.get(name) ?? name, text: null });
  }
  return read;
}
