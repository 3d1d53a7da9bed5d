import { describe, expect, it } from 'vitest';
import { buildHeader, encodeHeader } from '../../src/safetensors/build-header.ts';
import { MAX_HEADER_BYTES, parseHeader } from '../../src/safetensors/parse-header.ts';
import { HeaderError } from '../../src/safetensors/types.ts';

/** A file with this header text and `dataBytes` bytes of data; returns what `parseHeader` needs. */
function parse(text: string | Buffer, dataBytes: number): ReturnType<typeof parseHeader> {
  const body = Buffer.from(text);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(body.length));
  return parseHeader(Buffer.concat([length, body]), 8 + body.length + dataBytes);
}

function defectOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof HeaderError) return error.defect;
    throw error;
  }
  return 'none';
}

const tensor = (dtype: string, shape: readonly unknown[], begin: number, end: number): string =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

describe('parseHeader', () => {
  it('reads what buildHeader writes', () => {
    const tensors = [
      { name: 'b', dtype: 'BF16', shape: [2, 3], begin: 0, end: 12 },
      { name: '10', dtype: 'F32', shape: [], begin: 12, end: 16 },
      { name: 'a "quoted" é', dtype: 'U8', shape: [0, 7], begin: 16, end: 16 },
    ] as const;
    const text = buildHeader(tensors, { format: 'pt' });
    const header = parseHeader(encodeHeader(text), 8 + Buffer.byteLength(text) + 16);
    expect(header.text).toBe(text);
    expect(header.dataOffset % 8).toBe(0);
    expect(header.metadata).toEqual({ format: 'pt' });
    expect([...header.tensors]).toEqual(tensors.map(({ name, ...info }) => [name, info]));
  });

  it('accepts a header without tensors, and tensors in any order of keys', () => {
    expect(parse('{}', 0).tensors.size).toBe(0);
    const header = parse(`{"second":${tensor('U8', [2], 3, 5)},"first":${tensor('U8', [3], 0, 3)}}`, 5);
    expect([...header.tensors.keys()]).toEqual(['first', 'second']);
  });

  it.each([
    ['HeaderTooSmall', () => parseHeader(Buffer.alloc(7), 7)],
    ['HeaderTooSmall', () => parseHeader(Buffer.alloc(0), 0)],
    ['HeaderTooLarge', () => parseHeader(encodeLength(MAX_HEADER_BYTES + 1), 2 ** 40)],
    ['HeaderTooLarge', () => parseHeader(Buffer.alloc(8, 0xff), 2 ** 40)],
    ['InvalidHeaderLength', () => parseHeader(encodeLength(100), 107)],
    ['InvalidHeaderLength', () => parseHeader(encodeLength(100), 2000)],
    ['InvalidHeader', () => parse(Buffer.from([0x7b, 0xff, 0x7d]), 0)],
    ['InvalidHeaderStart', () => parse(' {}', 0)],
    ['InvalidHeaderStart', () => parse('', 0)],
    ['InvalidHeaderStart', () => parse('\uFEFF{}', 0)],
    ['InvalidHeaderStart', () => parse('[]', 0)],
    ['InvalidHeaderDeserialization', () => parse('{', 0)],
    ['InvalidHeaderDeserialization', () => parse('{"a":1}', 0)],
    ['InvalidHeaderDeserialization', () => parse('{"a":null}', 0)],
    ['InvalidHeaderDeserialization', () => parse('{"__metadata__":{"a":1}}', 0)],
    ['InvalidHeaderDeserialization', () => parse('{"__metadata__":[]}', 0)],
    ['InvalidHeaderDeserialization', () => parse(`{"a":${tensor('F31', [1], 0, 4)}}`, 4)],
    ['InvalidHeaderDeserialization', () => parse(`{"a":${tensor('toString', [1], 0, 4)}}`, 4)],
    ['InvalidHeaderDeserialization', () => parse(`{"a":${tensor('F32', [-1], 0, 4)}}`, 4)],
    ['InvalidHeaderDeserialization', () => parse(`{"a":${tensor('F32', [1.5], 0, 6)}}`, 6)],
    ['InvalidHeaderDeserialization', () => parse(`{"a":${tensor('F32', ['1'], 0, 4)}}`, 4)],
    ['InvalidHeaderDeserialization', () => parse('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}', 4)],
    ['InvalidHeaderDeserialization', () => parse('{"a":{"dtype":"F32","shape":[1]}}', 4)],
    ['DuplicateKey', () => parse(`{"a":${tensor('U8', [1], 0, 1)},"a":${tensor('U8', [1], 0, 1)}}`, 1)],
    ['DuplicateKey', () => parse(`{"a":${tensor('U8', [1], 0, 1)},"\\u0061":${tensor('U8', [1], 0, 1)}}`, 1)],
    ['DuplicateKey', () => parse('{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1)],
    ['TensorInvalidInfo', () => parse(`{"a":${tensor('F32', [2], 0, 4)}}`, 4)],
    ['TensorInvalidInfo', () => parse(`{"a":${tensor('F32', [1], 4, 0)}}`, 4)],
    ['InvalidOffset', () => parse(`{"a":${tensor('F32', [1], 4, 8)}}`, 8)],
    ['InvalidOffset', () => parse(`{"a":${tensor('U8', [4], 0, 4)},"b":${tensor('U8', [4], 5, 9)}}`, 9)],
    ['InvalidOffset', () => parse(`{"a":${tensor('U8', [4], 0, 4)},"b":${tensor('U8', [4], 3, 7)}}`, 7)],
    ['MetadataIncompleteBuffer', () => parse(`{"a":${tensor('U8', [4], 0, 4)}}`, 3)],
    ['MetadataIncompleteBuffer', () => parse(`{"a":${tensor('U8', [4], 0, 4)}}`, 5)],
    ['MetadataIncompleteBuffer', () => parse('{}', 1)],
    ['ValidationOverflow', () => parse(`{"a":${tensor('F32', [2 ** 40, 2 ** 40], 0, 4)}}`, 4)],
  ])('refuses %s, case %#', (defect, act) => {
    expect(defectOf(act)).toBe(defect);
  });

  it('does not take a key inside a string for a key', () => {
    const name = '{\\"a\\":1,\\"a\\":[';
    expect(parse(`{"${name}":${tensor('U8', [1], 0, 1)}}`, 1).tensors.size).toBe(1);
  });
});

function encodeLength(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(length));
  return bytes;
}
