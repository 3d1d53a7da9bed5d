import { closeSync, openSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readItemHeader } from '../../src/checkpoint/item-header.ts';
import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import type { ItemHeader } from '../../src/checkpoint/types.ts';
import { DTYPE_BYTES } from '../../src/checkpoint/types.ts';
import { ConversionError } from '../../src/contract/failures.ts';
import { FIXTURE_NAMES, fixturePath, temporaryDirectory } from '../support/checkpoint-fixtures.ts';
import { call, globalOf, pickleOf, tensorValue, type TensorDescription } from '../support/checkpoint-pickle.ts';
import { mutate, randomIntegers } from '../support/checkpoint-random.ts';
import { archiveOf, tensorArchive } from '../support/checkpoint-zip.ts';
import { OP } from '../../src/checkpoint/pickle/opcodes.ts';

const FLOATS: TensorDescription = { storage: 'FloatStorage', elements: 6, shape: [2, 3], strides: [3, 1] };

/** Puts the item in the middle of a file and reads its header. */
async function headerOf(item: Buffer, before = Buffer.from('other item')): Promise<ItemHeader> {
  const path = join(await temporaryDirectory(), '__0_0.distcp');
  writeFileSync(path, Buffer.concat([before, item, Buffer.from('the next item')]));
  const file = openSync(path, 'r');
  onTestFinished(() => closeSync(file));
  return readItemHeader(file, { file: '__0_0.distcp', offset: before.length, length: item.length });
}

async function failure(item: Buffer): Promise<ConversionError> {
  return headerOf(item).then(
    () => expect.unreachable('was accepted'),
    (error: unknown) => {
      if (error instanceof ConversionError) return error;
      throw error;
    },
  );
}

describe('real items', () => {
  test.each(FIXTURE_NAMES)('%s: every payload is where the header says, with its CRC-32', async (name) => {
    const checkpoint = await readCheckpoint(fixturePath(name));
    for (const tensor of checkpoint.tensors.values()) {
      for (const chunk of tensor.chunks) {
        const path = join(checkpoint.path, chunk.file);
        const file = openSync(path, 'r');
        const header = readItemHeader(file, chunk);
        closeSync(file);
        expect(header.dtype).toBe(tensor.dtype);
        expect(header.shape).toEqual(chunk.sizes);
        const volume = chunk.sizes.reduce((product, size) => product * size, 1);
        expect(header.payloadBytes).toBe(volume * DTYPE_BYTES[tensor.dtype]);
        const bytes = await readFile(path);
        expect(crc32(bytes.subarray(header.payloadOffset, header.payloadOffset + header.payloadBytes))).toBe(
          header.crc32,
        );
      }
    }
  });
});

describe('synthetic items', () => {
  const payload = Buffer.alloc(24, 5);

  test.each([false, true])('a plain tensor, zip64 fields: %s', async (zip64) => {
    const header = await headerOf(tensorArchive(pickleOf(tensorValue(FLOATS)), payload, { zip64 }));
    expect(header).toMatchObject({
      dtype: 'F32',
      shape: [2, 3],
      strides: [3, 1],
      storageOffset: 0,
      payloadBytes: 24,
      crc32: crc32(payload),
    });
  });

  test('a payload longer than the windows that are read', async () => {
    const big = Buffer.alloc(400_000, 9);
    const item = tensorArchive(
      pickleOf(tensorValue({ ...FLOATS, elements: 100_000, shape: [100_000], strides: [1] })),
      big,
      { zip64: true },
    );
    const header = await headerOf(item);
    expect(header.payloadBytes).toBe(400_000);
    expect(header.crc32).toBe(crc32(big));
  });

  test('_rebuild_tensor_v3 counts bytes', async () => {
    const pickle = pickleOf(tensorValue({ storage: 'float8_e4m3fn', elements: 24, shape: [24], strides: [1] }));
    expect(await headerOf(tensorArchive(pickle, payload))).toMatchObject({
      dtype: 'F8_E4M3',
      shape: [24],
      payloadBytes: 24,
    });
  });

  test('a parameter', async () => {
    const parameter = call(
      globalOf('torch._utils', '_rebuild_parameter'),
      tensorValue(FLOATS),
      OP.NEWTRUE,
      call(globalOf('collections', 'OrderedDict')),
    );
    expect(await headerOf(tensorArchive(pickleOf(parameter), payload))).toMatchObject({ dtype: 'F32', shape: [2, 3] });
  });

  test('a scalar and an empty tensor', async () => {
    const scalar = pickleOf(tensorValue({ storage: 'LongStorage', elements: 1, shape: [], strides: [] }));
    expect(await headerOf(tensorArchive(scalar, Buffer.alloc(8)))).toMatchObject({
      dtype: 'I64',
      shape: [],
      payloadBytes: 8,
    });
    const empty = pickleOf(tensorValue({ storage: 'HalfStorage', elements: 0, shape: [0, 4], strides: [4, 1] }));
    expect(await headerOf(tensorArchive(empty, Buffer.alloc(0)))).toMatchObject({
      dtype: 'F16',
      shape: [0, 4],
      payloadBytes: 0,
    });
    const bare = archiveOf([{ name: 'archive/data.pkl', data: empty }]);
    expect(await headerOf(bare)).toMatchObject({ payloadBytes: 0, crc32: null });
  });

  test('a view into a larger storage', async () => {
    const view = pickleOf(tensorValue({ ...FLOATS, shape: [2], strides: [2], storageOffset: 1 }));
    expect(await headerOf(tensorArchive(view, payload))).toMatchObject({
      strides: [2],
      storageOffset: 1,
      payloadBytes: 24,
    });
  });

  test('a writer without checksums left 0', async () => {
    const item = archiveOf([
      { name: 'x/data.pkl', data: pickleOf(tensorValue(FLOATS)), crc: 0 },
      { name: 'x/data/0', data: payload, crc: 0 },
    ]);
    expect((await headerOf(item)).crc32).toBeNull();
  });

  test('a data.pkl without its checksum is damage', async () => {
    const data = pickleOf(tensorValue(FLOATS));
    const item = archiveOf([
      { name: 'x/data.pkl', data, crc: (crc32(data) ^ 1) >>> 0 },
      { name: 'x/data/0', data: payload },
    ]);
    await expect(headerOf(item)).rejects.toThrow('data.pkl does not have its checksum');
  });
});

describe('what does not agree', () => {
  const payload = Buffer.alloc(24, 5);
  const sound = pickleOf(tensorValue(FLOATS));
  const withEntry = (entry: Parameters<typeof archiveOf>[0][number]): Buffer =>
    archiveOf([{ name: 'x/data.pkl', data: sound }, entry, { name: 'x/data/0', data: payload }]);

  test.each([
    ['zeros', Buffer.alloc(4096), 'CheckpointDamaged', 'zip end record'],
    ['too short', Buffer.alloc(10), 'CheckpointDamaged', 'too few'],
    [
      'payload too small',
      tensorArchive(sound, payload.subarray(4)),
      'CheckpointDamaged',
      'storage has 20 bytes, data.pkl says 24',
    ],
    ['no storage', archiveOf([{ name: 'x/data.pkl', data: sound }]), 'CheckpointDamaged', 'data/0'],
    ['no data.pkl', archiveOf([{ name: 'x/data/0', data: payload }]), 'CheckpointDamaged', 'data.pkl'],
    [
      'shape past the storage',
      tensorArchive(pickleOf(tensorValue({ ...FLOATS, shape: [3, 3] })), payload),
      'CheckpointDamaged',
      'reaches past',
    ],
    [
      'offset past the storage',
      tensorArchive(pickleOf(tensorValue({ ...FLOATS, storageOffset: 1 })), payload),
      'CheckpointDamaged',
      'reaches past',
    ],
    [
      'huge shape',
      tensorArchive(pickleOf(tensorValue({ ...FLOATS, shape: [2 ** 52, 2 ** 52] })), payload),
      'CheckpointDamaged',
      'reaches past',
    ],
    [
      'negative size',
      tensorArchive(pickleOf(tensorValue({ ...FLOATS, shape: [-2, 3] })), payload),
      'CheckpointDamaged',
      'shape',
    ],
    [
      'strides of another rank',
      tensorArchive(pickleOf(tensorValue({ ...FLOATS, strides: [1] })), payload),
      'CheckpointDamaged',
      'strides',
    ],
    ['big-endian', withEntry({ name: 'x/byteorder', data: Buffer.from('big') }), 'CheckpointUnsupported', 'byte order'],
    [
      'compressed',
      withEntry({ name: 'x/extra', data: Buffer.from('x'), method: 8 }),
      'CheckpointUnsupported',
      'method 8',
    ],
    ['an entry twice', withEntry({ name: 'x/data.pkl', data: sound }), 'CheckpointDamaged', 'twice'],
    [
      'complex elements',
      tensorArchive(pickleOf(tensorValue({ ...FLOATS, storage: 'ComplexFloatStorage' })), payload),
      'CheckpointUnsupported',
      'ComplexFloatStorage',
    ],
    ['not a tensor', tensorArchive(pickleOf(OP.NONE), payload), 'CheckpointDamaged', 'None'],
    [
      'a call of os.system',
      tensorArchive(pickleOf(call(globalOf('os', 'system'))), payload),
      'CheckpointUnsupported',
      'os.system',
    ],
  ] as [string, Buffer, string, string][])('%s', async (_, item, type, part) => {
    const error = await failure(item);
    expect(error.type).toBe(type);
    expect(error.message).toContain(part);
    expect(error.message).toContain('__0_0.distcp');
  });

  test('a parameter that contains itself', async () => {
    const pickle = pickleOf(
      globalOf('torch._utils', '_rebuild_parameter'),
      OP.EMPTY_LIST,
      OP.BINPUT,
      0,
      OP.REDUCE,
      OP.BINPUT,
      1,
      OP.BINGET,
      0,
      OP.BINGET,
      1,
      OP.APPEND,
      OP.POP,
    );
    expect((await failure(tensorArchive(pickle, payload))).type).toMatch(/^Checkpoint/);
  });

  test('the file ends inside the item', async () => {
    const path = join(await temporaryDirectory(), '__0_0.distcp');
    writeFileSync(path, tensorArchive(sound, payload).subarray(0, 100));
    const file = openSync(path, 'r');
    onTestFinished(() => closeSync(file));
    expect(() => readItemHeader(file, { file: '__0_0.distcp', offset: 0, length: 4000 })).toThrow(
      /its file ends before byte 4000/,
    );
  });
});

test('2000 mutations of an item give a ConversionError or a header', async () => {
  const item = tensorArchive(pickleOf(tensorValue(FLOATS)), Buffer.alloc(24, 5), { zip64: true });
  const random = randomIntegers(7);
  const path = join(await temporaryDirectory(), '__0_0.distcp');
  let refused = 0;
  for (let round = 0; round < 2000; round += 1) {
    const bytes = mutate(item, random);
    writeFileSync(path, bytes);
    const file = openSync(path, 'r');
    try {
      readItemHeader(file, { file: '__0_0.distcp', offset: 0, length: bytes.length });
    } catch (error) {
      if (!(error instanceof ConversionError)) throw error;
      refused += 1;
    } finally {
      closeSync(file);
    }
  }
  expect(refused).toBeGreaterThan(1000);
});
