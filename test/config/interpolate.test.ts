import { expect, test } from 'vitest';
import { interpolate } from '../../src/config/interpolate.ts';
import { nestLeaves, type Leaves } from '../../src/config/leaf.ts';

function leavesOf(values: Readonly<Record<string, unknown>>): Leaves {
  const origin = { kind: 'command line', token: 'test' } as const;
  return new Map(
    Object.entries(values).map(([path, value]) => [path, { value, text: null, origin, environment: [] }] as const),
  );
}

const ENVIRONMENT = { HOME: '/home/ann', EMPTY: '', LIST: '[1, two]', NAME: 'HOME' };

function resolve(values: Readonly<Record<string, unknown>>) {
  const { leaves, problems } = interpolate(leavesOf(values), ENVIRONMENT);
  return { values: nestLeaves(leaves), problems, leaves };
}

test.each([
  ['${a.b}', 7],
  ['x${a.b}y', 'x7y'],
  ['${a}', { b: 7, c: [1, 2] }],
  ['${a.c}', [1, 2]],
  [
    ['${a.b}', { inner: '${a.b}' }],
    [7, { inner: 7 }],
  ],
  ['${oc.env:HOME}/x', '/home/ann/x'],
  ['${oc.env:EMPTY,full}', ''],
  ['${oc.env:ABSENT,8}', '8'],
  ['${oc.env:ABSENT,}', ''],
  ["${oc.env:ABSENT,'a b'}", 'a b'],
  ['${oc.env:ABSENT,${oc.env:ALSO_ABSENT,${oc.env:HOME}/output}/convert}/hf', '/home/ann/output/convert/hf'],
  ['${oc.env:ABSENT,${a.b}}', '7'],
  ['${oc.env:ABSENT,null}', null],
  ["${oc.env:ABSENT,'a, b}'}", 'a, b}'],
  ['${oc.env:ABSENT,[1, 2]}', '[1, 2]'],
  ['${a[c][0]}', 1],
  ['${a.c.1}', 2],
  ['${ a.b }', 7],
  ['${.a.b}', 7],
  ['x${flag}', 'xTrue'],
  ['${oc.env:${oc.env:NAME}}', '/home/ann'],
  ['${oc.decode:${oc.env:LIST}}', [1, 'two']],
  ['${oc.decode:true}', true],
  ['\\${a.b} costs $5', '${a.b} costs $5'],
  ['\\\\${a.b}', '\\7'],
  ['${chain.one}', 7],
])('%j becomes %j', (text, expected) => {
  const { values, problems } = resolve({
    'a.b': 7,
    'a.c': [1, 2],
    'chain.one': '${.two}',
    'chain.two': '${a.b}',
    flag: true,
    it: text,
  });
  expect(problems).toEqual([]);
  expect(values['it']).toEqual(expected);
});

test.each([
  ['${absent}', 'refers to absent, which does not exist'],
  ['${must}', 'refers to must, which nobody has given'],
  ['${oc.env:ABSENT}', 'environment variable ABSENT is not set'],
  ['${oc.create:x}', 'no resolver is called oc.create'],
  ['${a.b', 'is not closed'],
  ['${oc.env:X,a', 'is not closed'],
  ['${}', 'names no parameter'],
  ['${it}', 'cycle: it -> it'],
  ['${one}', 'cycle: it -> one -> two -> it'],
  ['${oc.decode:[1}', 'is not closed'],
  ["${oc.decode:'[1'}", 'is no text that holds one value'],
  ['${oc.decode:${a.b}}', 'is no text that holds one value'],
  ["${oc.env:X,'a}", 'is not closed'],
  ['${a.b.c}', 'refers to a.b.c, which does not exist'],
])('%s is refused', (text, expected) => {
  const { values, problems } = resolve({ it: text, 'a.b': 7, must: '???', one: '${two}', two: '${it}' });
  expect(problems.find((problem) => problem.startsWith('it (command line): '))).toContain(expected);
  expect(values).not.toHaveProperty('it');
});

test('a value knows the variables it was made of, through references too', () => {
  const { leaves } = resolve({ base: '${oc.env:HOME}/${oc.env:ABSENT,x}', it: '${base}/y', plain: 'z' });
  expect(leaves.get('it')?.environment).toEqual(['HOME']);
  expect(leaves.get('plain')?.environment).toEqual([]);
});
