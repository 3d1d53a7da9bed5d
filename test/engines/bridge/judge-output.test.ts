import { describe, expect, it } from 'vitest';
import type { DType } from '../../../src/checkpoint/types.ts';
import { ConversionError } from '../../../src/contract/failures.ts';
import { judgeOutput } from '../../../src/engines/bridge/judge-output.ts';
import type { ConverterOutput } from '../../../src/engines/bridge/read-output.ts';
import type { Expectation } from '../../../src/engines/bridge/types.ts';
import type { Header } from '../../../src/safetensors/types.ts';

type Tensors = Readonly<Record<string, readonly [DType, ...number[]]>>;

function header(tensors: Tensors): Header {
  const entries = Object.entries(tensors).map(
    ([name, [dtype, ...shape]]) => [name, { dtype, shape, begin: 0, end: 8 }] as const,
  );
  return { tensors: new Map(entries), metadata: {}, text: '', dataOffset: 0 };
}

const EXPECTATION: Expectation = {
  family: 'llama',
  tensors: new Map([
    ['a', { shape: [4, 2], dtype: 'BF16' }],
    ['b', { shape: [2], dtype: 'F32' }],
  ]),
  weightMap: {},
  books: {
    mapped: { rule: 'llama', tensors: 2, bytes: 24, examples: [] },
    dropped: [],
    vocabularyPadding: { rows: 0, bytes: 0 },
    produced: 2,
    excused: [],
    unmapped: [],
    missing: [],
  },
  parameters: 10,
  bytes: 24,
  vocabulary: null,
  isComplete: true,
};
const GOOD: Tensors = { a: ['BF16', 4, 2], b: ['F32', 2] };

interface Case {
  readonly files?: Readonly<Record<string, Tensors>>;
  readonly weightMap?: ConverterOutput['weightMap'];
  readonly strict?: boolean;
  readonly expectation?: Partial<Expectation>;
}

function judge({ files = { 'model.safetensors': GOOD }, weightMap = null, strict = true, expectation = {} }: Case) {
  const headers = new Map(Object.entries(files).map(([name, tensors]) => [name, header(tensors)]));
  return judgeOutput(
    { ...EXPECTATION, ...expectation },
    { headers, weightMap, problems: [] },
    { strict, torchDtype: 'bfloat16', folder: '/o' },
  );
}

function failure(of: Case): ConversionError {
  try {
    judge(of);
  } catch (error) {
    if (error instanceof ConversionError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const one = (tensors: Tensors): Case => ({ files: { 'model.safetensors': tensors } });

describe('judgeOutput', () => {
  it('accepts what was expected, and counts it', () => {
    expect(judge({})).toMatchObject({ tensors: 2, parameters: 10, warnings: [], books: { produced: 2, missing: [] } });
  });

  it('names tensors that are missing and that are too many, at once', () => {
    const error = failure(one({ b: ['F32', 2], c: ['F32', 2] }));
    expect(error.type).toBe('BooksNotClosed');
    expect(error.problems).toEqual(['a was not written', 'c was written, but the model has no such tensor']);
  });

  it('with strict=false warns of them, and the books keep their names', () => {
    const { warnings, books } = judge({ ...one({ b: ['F32', 2] }), strict: false });
    expect(warnings).toEqual(['strict=false: a was not written']);
    expect(books.missing).toEqual(['a']);
  });

  it('never accepts another shape', () => {
    expect(failure({ ...one({ ...GOOD, a: ['BF16', 5, 2] }), strict: false }).problems).toEqual([
      'a has the shape [5, 2], expected [4, 2]',
    ]);
  });

  it('accepts more bits and the dtype that was asked for, tells of fewer bits, and refuses others', () => {
    expect(judge(one({ ...GOOD, a: ['F32', 4, 2] })).warnings).toEqual([]);
    expect(judge(one({ ...GOOD, b: ['BF16', 2] })).warnings[0]).toContain('fewer bits than in the checkpoint: b');
    expect(failure(one({ ...GOOD, a: ['F16', 4, 2] })).problems).toEqual(['a has the dtype F16, expected BF16']);
    expect(failure(one({ ...GOOD, b: ['I64', 2] })).problems).toEqual(['b has the dtype I64, expected F32']);
  });

  it('finds padding of the vocabulary where shapes are not known', () => {
    const tensors = new Map([['lm_head.weight', { shape: null, dtype: null }]]);
    const expectation = { tensors, isComplete: false, parameters: 16, vocabulary: { padded: 8, wanted: 6 } };
    const error = failure({ ...one({ 'lm_head.weight': ['BF16', 8, 2] }), expectation });
    expect(error.problems).toEqual([
      'lm_head.weight has 8 rows: the padding of the vocabulary was not cut, which has 6',
    ]);
    expect(judge({ ...one({ 'lm_head.weight': ['BF16', 6, 2] }), expectation }).warnings[0]).toContain(
      'the export holds 12 parameters; 16 were expected',
    );
  });

  it('where no table knows the dtype, expects what was asked for, of numbers', () => {
    const tensors = new Map(['x', 'y'].map((name) => [name, { shape: null, dtype: null }]));
    const expectation = { tensors, isComplete: false };
    const warnings = (y: DType): readonly string[] =>
      judge({ ...one({ x: ['BF16', 4], y: [y, 6] }), expectation }).warnings;
    for (const dtype of ['BF16', 'F32', 'I64'] as const) expect(warnings(dtype)).toEqual([]);
    expect(failure({ ...one({ x: ['BF16', 4], y: ['F16', 6] }), expectation }).problems).toEqual([
      'y has the dtype F16, expected BF16',
    ]);
  });

  it('a known shape is right, also where it has as many rows as the padded vocabulary', () => {
    expect(judge({ expectation: { vocabulary: { padded: 4, wanted: 3 } } }).tensors).toBe(2);
  });

  it('holds the index against the files, both ways', () => {
    const files = {
      '1.safetensors': { a: GOOD['a'] ?? ['BF16'] },
      '2.safetensors': { b: GOOD['b'] ?? ['F32'] },
    } as const;
    expect(judge({ files, weightMap: { a: '1.safetensors', b: '2.safetensors' } }).tensors).toBe(2);
    const error = failure({ files, weightMap: { a: '2.safetensors' } });
    expect(error.type).toBe('VerificationFailed');
    expect(error.problems).toEqual([
      'model.safetensors.index.json has a in 2.safetensors, where it is not',
      'b is in 2.safetensors, but model.safetensors.index.json does not know it',
    ]);
    const twice = failure({ files: { ...files, '3.safetensors': { a: ['BF16', 4, 2] } } });
    expect(twice.problems).toEqual(['a is in 1.safetensors and in 3.safetensors']);
  });

  it('an empty folder is one problem, not one for each tensor', () => {
    expect(failure({ files: {} }).problems).toEqual(['/o holds no tensors, although the converter ended with code 0']);
  });
});
