import { expect, test } from 'vitest';
import { describeNumbers, groupNames, maskNumbers } from '../../src/cli/group-names.ts';

function group(names: readonly string[], likeness: (name: string) => string = () => ''): (readonly [string, number])[] {
  return groupNames(names, (name) => name, likeness).map(({ name, members }) => [name, members.length] as const);
}

test('layers and experts become ranges', () => {
  const names = [0, 1, 2].flatMap((layer) => [0, 1].map((expert) => `l.${layer}.experts.${expert}.w`));
  expect(group([...names, 'norm'])).toEqual([
    ['l.{0..2}.experts.{0..1}.w', 6],
    ['norm', 1],
  ]);
});

test('a number that all share stays as it is', () => {
  expect(group(['l.7.e.0.w', 'l.7.e.1.w'])).toEqual([['l.7.e.{0..1}.w', 2]]);
});

test('unlike items stay apart, and digits inside a word are no index', () => {
  expect(group(['l.0.w', 'l.1.w'], (name) => name)).toEqual([
    ['l.0.w', 1],
    ['l.1.w', 1],
  ]);
  expect(group(['fc1.w', 'fc2.w'])).toHaveLength(2);
  expect(maskNumbers('l.10.fc1.3')).toBe('l.*.fc1.*');
});

test.each([
  [[0, 1, 2, 3], '{0..3}'],
  [[5, 0, 1, 9, 8], '{0..1,5,8..9}'],
  [Array.from({ length: 23 }, (_, index) => 2 * index), '{23 of 0..44}'],
] as const)('%j -> %s', (numbers, text) => {
  expect(describeNumbers(numbers)).toBe(text);
});
