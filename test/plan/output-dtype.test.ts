// The dtype of an exported tensor: what is protected is never rounded.
import { expect, it } from 'vitest';
import { matchNames, outputDtype } from '../../src/plan/output-dtype.ts';

const isProtected = matchNames(['model.layers.*.mlp.gate.weight']);
const GATE = 'model.layers.12.mlp.gate.weight';

it.each([
  ['model.norm.weight', 'BF16', 'source', 'BF16'],
  ['model.norm.weight', 'F32', 'bfloat16', 'BF16'],
  ['model.norm.weight', 'BF16', 'float32', 'F32'],
  [GATE, 'F32', 'bfloat16', 'F32'],
  [GATE, 'F32', 'float16', 'F32'],
  [GATE, 'BF16', 'float16', 'BF16'],
  [GATE, 'BF16', 'float32', 'F32'],
  [GATE, 'F32', 'source', 'F32'],
  ['model.norm.weight', 'I64', 'float16', 'I64'],
  ['model.norm.weight', 'F8_E4M3', 'float16', 'F8_E4M3'],
] as const)('%s, %s, dtype=%s: %s', (name, source, requested, result) => {
  expect(outputDtype(name, source, requested, isProtected)).toBe(result);
});
