import { expect, test } from 'vitest';
import { toPlain } from '../../../src/checkpoint/pickle/to-plain.ts';
import { PickleGlobal, PickleRecord, type PickleValue } from '../../../src/checkpoint/pickle/values.ts';
import { ConversionError } from '../../../src/contract/failures.ts';

test('globals, enums, big integers, sets and bytes', () => {
  const value = new Map<PickleValue, PickleValue>([
    ['dtype', new PickleGlobal('torch.bfloat16')],
    ['backend', new PickleRecord('megatron.core.transformer.enums.AttnBackend', [5])],
    ['big', 2n ** 60n],
    ['set', new Set<PickleValue>([1, 2])],
    ['bytes', new Uint8Array(3)],
    [7, null],
  ]);
  expect(toPlain(value, 'test')).toEqual({
    dtype: 'torch.bfloat16',
    backend: { _target_: 'megatron.core.transformer.enums.AttnBackend', _args_: [5] },
    big: '1152921504606846976',
    set: [1, 2],
    bytes: '3 bytes',
    7: null,
  });
});

test('a key __proto__ stays data', () => {
  const plain = toPlain(new Map<PickleValue, PickleValue>([['__proto__', 'x']]), 'test');
  expect(Object.getPrototypeOf(plain)).toBe(Object.prototype);
  expect(Object.keys(plain as object)).toEqual(['__proto__']);
});

test('a value that contains itself is refused', () => {
  const list: PickleValue[] = [];
  list.push(list);
  expect(() => toPlain(list, 'test')).toThrow(ConversionError);
});

test('a billion laughs are refused', () => {
  let value: PickleValue[] = ['ha'];
  for (let level = 0; level < 25; level += 1) value = [value, value, value, value];
  expect(() => toPlain(value, 'test')).toThrow(ConversionError);
});
