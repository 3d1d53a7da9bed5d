import { describe, expect, it } from 'vitest';
import { parseJsonObject, removeMember, replaceMember } from '../../src/reference/json-text.ts';

describe('parseJsonObject', () => {
  it.each([
    '{}',
    '{"a": [1, -2.5e-3, true, false, null, "x\\n\\"y\\u00e9"], "b": {"c": {}}, "d": []}',
    ' \n{"a" :\t1 ,"a": 2}\r\n',
    '{"__proto__": {"x": 1}}',
  ])('agrees with JSON.parse on %s', (text) => {
    expect(parseJsonObject(text)).toEqual(JSON.parse(text));
  });

  it('knows what Python writes beyond JSON, and a byte order mark', () => {
    expect(parseJsonObject('\uFEFF{"a": NaN, "b": [Infinity, -Infinity]}')).toEqual({
      a: Number.NaN,
      b: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    });
  });

  it.each([
    '',
    '[]',
    '1',
    '{',
    '{"a"}',
    '{"a": 1,}',
    '{"a": [1,]}',
    '{"a": 1 "b": 2}',
    '{} x',
    '{a: 1}',
    '{"a": 01}',
    '{"a": "\n"}',
  ])('refuses %j', (text) => {
    expect(() => parseJsonObject(text)).toThrow(SyntaxError);
  });

  it('refuses to go deeper than a configuration ever does', () => {
    expect(() => parseJsonObject(`{"a": ${'['.repeat(100_000)}`)).toThrow(/levels deep/);
  });
});

describe('edits', () => {
  const text = '{\n  "a": 1e-05,\n  "b": {"a": [10000.0]},\n  "c": "x"\n}\n';

  it('replace one value and leave every other byte', () => {
    expect(replaceMember(text, 'a', '2')).toBe(text.replace('1e-05', '2'));
    expect(replaceMember(text, 'c', '"y"')).toBe(text.replace('"x"', '"y"'));
  });

  it('remove a member at the beginning, in the middle, at the end, and alone', () => {
    expect(removeMember(text, 'a')).toBe('{\n  "b": {"a": [10000.0]},\n  "c": "x"\n}\n');
    expect(removeMember(text, 'b')).toBe('{\n  "a": 1e-05,\n  "c": "x"\n}\n');
    expect(removeMember(text, 'c')).toBe('{\n  "a": 1e-05,\n  "b": {"a": [10000.0]}\n}\n');
    expect(JSON.parse(removeMember('{ "a": 1 }', 'a'))).toEqual({});
  });

  it('change the last of two members of one name, which is the one that counts', () => {
    expect(replaceMember('{"a": 1, "a": 2}', 'a', '3')).toBe('{"a": 1, "a": 3}');
  });

  it('refuse a member that is not there', () => {
    expect(() => removeMember(text, 'd')).toThrow(RangeError);
  });
});
