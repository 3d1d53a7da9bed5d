import { expect, test } from 'vitest';
import { parseDotlist } from '../../src/config/dotlist.ts';
import { nestLeaves } from '../../src/config/leaf.ts';

test.each([
  ['a=1', { a: 1 }],
  ['a.b.c=x', { a: { b: { c: 'x' } } }],
  ['a=1.5e3', { a: 1500 }],
  ['a=null', { a: null }],
  ['a=', { a: null }],
  ['a=[1, two, "3"]', { a: [1, 'two', '3'] }],
  ['a={b: 1, c: {d: [2]}}', { a: { b: 1, c: { d: [2] } } }],
  ['a=b=c', { a: 'b=c' }],
  ['a=off', { a: false }],
  ['a=Yes', { a: true }],
  ['a="no"', { a: 'no' }],
  ['a=y', { a: 'y' }],
  ['a=/x/${oc.env:HOME,b}/c', { a: '/x/${oc.env:HOME,b}/c' }],
])('%s', (token, expected) => {
  const { leaves, problems } = parseDotlist([token]);
  expect(problems).toEqual([]);
  expect(nestLeaves(leaves)).toEqual(expected);
});

test('later overrides win, whatever they cover', () => {
  const { leaves } = parseDotlist(['a.b=1', 'a.c=2', 'a=3', 'd=4', 'd.e=5']);
  expect(nestLeaves(leaves)).toEqual({ a: 3, d: { e: 5 } });
});

test.each([
  [['--tp', '4'], '--tp 4: there is no such option; parameters are written tp=4'],
  [['--tp=4'], '--tp=4: there is no such option; parameters are written tp=4'],
  [
    ['--max-shard-size', '1GB'],
    '--max-shard-size 1GB: there is no such option; parameters are written max_shard_size=1GB',
  ],
  [['--overwrite'], '--overwrite: there is no such option; parameters are written overwrite=true'],
  [['--overwrite', 'tp=1'], '--overwrite: there is no such option; parameters are written overwrite=true'],
  [['--no-strict'], '--no-strict: there is no such option; parameters are written strict=false'],
  [['--no-strict', 'tp=1'], '--no-strict: there is no such option; parameters are written strict=false'],
  [['--tp'], '--tp: there is no such option; parameters are written tp=...'],
  [['--hf-model', 'a/b'], '--hf-model a/b: there is no such option; parameters are written hf_model=a/b'],
  [['--tpp', '4'], '--tpp 4: there is no such option, and tpp: there is no such parameter; did you mean tp?'],
  [
    ['--expert-model-parallel-size=8'],
    '--expert-model-parallel-size=8: there is no such option, and expert_model_parallel_size is spelt ep here',
  ],
  [['--dryrun'], '--dryrun: there is no such option; did you mean --dry-run?'],
  [['-x'], '-x: there is no such option'],
  [['-'], '-: there is no such option'],
  [['-r', 'mine'], '-r names a profile; here that is profile=mine'],
  [['--script', 'x'], '--script is not for a request: the operator sets `bridge.script` in worker.yaml'],
  [['tp'], 'tp: expected key=value'],
  [['=4'], '=4: the key is missing'],
  [['a b=4'], 'a b=4: a b is not a parameter name'],
  [['+a=4'], '+a=4: parameters are set without +: a=4'],
  [['++a=4'], '++a=4: parameters are set without +: a=4'],
  [['~a=4'], '~a=4: parameters are set without ~: a=4'],
])('%j is refused', (tokens, expected) => {
  expect(parseDotlist(tokens).problems).toEqual([expected]);
});

test('a word after a negated flag is looked at on its own', () => {
  expect(parseDotlist(['--no-strict', 'word']).problems).toEqual([
    '--no-strict: there is no such option; parameters are written strict=false',
    'word: expected key=value',
  ]);
});

test('a value that is no YAML says how to quote it', () => {
  const [problem] = parseDotlist(['a=@x']).problems;
  expect(problem).toContain(`quote it: a='"..."'`);
});
