import { expect, test } from 'vitest';
import { closest, editDistance } from '../../src/config/suggest.ts';

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['abc', 'abd', 1],
  ['strcit', 'strict', 1],
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
])('from %j to %j are %i edits', (a, b, expected) => {
  expect(editDistance(a, b)).toBe(expected);
  expect(editDistance(b, a)).toBe(expected);
});

test('only what is near is suggested', () => {
  const known = ['strict', 'smoke.prompts', 'tp'];
  expect(closest('Strict', known)).toBe('strict');
  expect(closest('smoke.promts', known)).toBe('smoke.prompts');
  expect(closest('elephant', known)).toBeNull();
});
