import { describe, expect, test } from 'vitest';
import { parseMetadata } from '../../../src/checkpoint/metadata/parse-metadata.ts';
import { PickleGlobal, PickleRecord, type PickleValue } from '../../../src/checkpoint/pickle/values.ts';

type Fields = Record<string, PickleValue>;

function record(name: string, fields: Fields | PickleValue[]): PickleRecord {
  const result = new PickleRecord(`torch.distributed.checkpoint.metadata.${name}`, []);
  result.state = Array.isArray(fields) ? fields : new Map(Object.entries(fields));
  return result;
}

const index = (fqn: string, offset: number[] | null): PickleRecord =>
  record('MetadataIndex', { fqn, offset, index: 0 });
const chunk = (offsets: number[], sizes: number[]): PickleRecord => record('ChunkStorageMetadata', { offsets, sizes });
const properties = record('TensorProperties', [new PickleGlobal('torch.bfloat16'), null, false, null, false]);
const tensor = (size: number[], chunks: PickleRecord[]): PickleRecord =>
  record('TensorStorageMetadata', { properties, size, chunks });
const place = (fields: Fields): PickleRecord =>
  record('_StorageInfo', { relative_path: '__0_0.distcp', offset: 0, length: 100, ...fields });

function metadata(entries: Fields, storage: [PickleRecord, PickleRecord][]): PickleRecord {
  return record('Metadata', {
    state_dict_metadata: new Map(Object.entries(entries)),
    planner_data: null,
    storage_data: new Map(storage),
  });
}

test('tensors are joined with their places', () => {
  const root = metadata(
    { w: tensor([4, 2], [chunk([0, 0], [2, 2]), chunk([2, 0], [2, 2])]), o: record('BytesStorageMetadata', {}) },
    [
      [index('w', [2, 0]), place({ offset: 5_000_000_000, relative_path: '__1_0.distcp' })],
      [index('w', [0, 0]), place({})],
      [index('o', null), place({ offset: 100, length: 7 })],
    ],
  );
  const { tensors, objects, files } = parseMetadata(root);
  expect(tensors.get('w')?.dtype).toBe('BF16');
  expect(tensors.get('w')?.chunks[1]).toEqual({
    offsets: [2, 0],
    sizes: [2, 2],
    file: '__1_0.distcp',
    offset: 5_000_000_000,
    length: 100,
  });
  expect(objects.get('o')).toEqual({ key: 'o', file: '__0_0.distcp', offset: 100, length: 7 });
  expect(files).toEqual(
    new Map([
      ['__1_0.distcp', 5_000_000_100],
      ['__0_0.distcp', 107],
    ]),
  );
});

describe('refused', () => {
  const one = (fields: Fields): PickleRecord =>
    metadata({ w: tensor([2], [chunk([0], [2])]) }, [[index('w', [0]), place(fields)]]);

  test.each([
    ['a file name with a slash', one({ relative_path: '../other/secret' }), 'CheckpointDamaged', 'leads out'],
    ['an absolute file name', one({ relative_path: '/etc/passwd' }), 'CheckpointDamaged', 'leads out'],
    [
      'a name that rewrites the terminal',
      one({ relative_path: '\u001b[2J' }),
      'CheckpointDamaged',
      'control characters',
    ],
    ['..', one({ relative_path: '..' }), 'CheckpointDamaged', 'leads out'],
    ['a negative offset', one({ offset: -1 }), 'CheckpointDamaged', 'offset'],
    ['a length past 2^53', one({ length: 2n ** 60n }), 'CheckpointDamaged', 'length'],
    ['compressed items', one({ transform_descriptors: ['stream.zstd'] }), 'CheckpointUnsupported', 'stream.zstd'],
    [
      'an item twice',
      metadata({}, [
        [index('w', [0]), place({})],
        [index('w', [0]), place({})],
      ]),
      'CheckpointDamaged',
      'twice',
    ],
    [
      'a chunk without place',
      metadata({ w: tensor([2], [chunk([0], [2])]) }, []),
      'CheckpointDamaged',
      'no item for the chunk',
    ],
    [
      'an object without place',
      metadata({ o: record('BytesStorageMetadata', {}) }, []),
      'CheckpointDamaged',
      'no item',
    ],
    [
      'a chunk outside',
      metadata({ w: tensor([2], [chunk([1], [2])]) }, [[index('w', [1]), place({})]]),
      'CheckpointDamaged',
      'outside',
    ],
    [
      'a chunk of another rank',
      metadata({ w: tensor([2], [chunk([0, 0], [2, 1])]) }, []),
      'CheckpointDamaged',
      'outside',
    ],
    ['another root', record('SavePlan', {}), 'CheckpointDamaged', 'expected'],
  ] as [string, PickleRecord, string, string][])('%s', (_, root, type, part) => {
    expect(() => parseMetadata(root)).toThrow(
      expect.objectContaining({ type, message: expect.stringContaining(part) as string }),
    );
  });

  test('an element type that safetensors cannot hold is named', () => {
    const complex = record('TensorProperties', [new PickleGlobal('torch.complex64'), null, false, null, false]);
    const root = metadata({ w: record('TensorStorageMetadata', { properties: complex, size: [2], chunks: [] }) }, []);
    expect(() => parseMetadata(root)).toThrow(/torch.complex64/);
  });

  test('all problems are in one message, at most twenty listed', () => {
    const entries = Object.fromEntries(
      Array.from({ length: 30 }, (_, number) => [`w${number}`, tensor([2], [chunk([0], [2])])]),
    );
    expect(() => parseMetadata(metadata(entries, []))).toThrow(/w19: .*\n {2}and 10 more/);
  });
});
