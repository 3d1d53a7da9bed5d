// `arithmetic: 'add-one'` on a tensor that several items fill in turn, against torch's `tensor + 1` in the same dtype, bit for bit.
import { execFileSync } from 'node:child_process';
import { beforeAll, expect, it } from 'vitest';
import { DTYPE_BYTES } from '../../src/checkpoint/types.ts';
import type { PlannedTensor } from '../../src/plan/types.ts';
import { Buffers } from '../../src/rank/buffers.ts';
import { writeTensor } from '../../src/rank/write-tensor.ts';
import { PYTHON } from '../support/rank-conversion.ts';
import { itemsAt, MemoryItem } from '../support/rank-memory.ts';
import { seededRandom } from '../support/rank-random.ts';

/** Every pattern of the short formats; as many others of the long ones. */
const COUNT = 65_536;
const ITEMS = 2;

/** Reads COUNT elements of each format from stdin and writes each plus one to stdout. */
const ADD_ONE_IN_TORCH = `
import sys, torch
for dtype, word in [(torch.bfloat16, torch.int16), (torch.float16, torch.int16), (torch.float32, torch.int32), (torch.float64, torch.int64)]:
    data = bytearray(sys.stdin.buffer.read(${COUNT} * dtype.itemsize))
    values = torch.frombuffer(data, dtype=word).view(dtype)
    sys.stdout.buffer.write((values + 1).view(word).numpy().tobytes())
`;

const FORMATS = {
  BF16: { word: 16n, exponent: 0x7f80n },
  F16: { word: 16n, exponent: 0x7c00n },
  F32: { word: 32n, exponent: 0x7f80_0000n },
  F64: { word: 64n, exponent: 0x7ff0_0000_0000_0000n },
} as const;

type Format = keyof typeof FORMATS;

/** As the program for torch reads them. */
const ORDER = ['BF16', 'F16', 'F32', 'F64'] as const;

/** Patterns as integers, every NaN as the same one: what a NaN carries differs between processors. */
function patternsOf(format: Format, bytes: Buffer): bigint[] {
  const { word, exponent } = FORMATS[format];
  const size = Number(word / 8n);
  const magnitude = (1n << (word - 1n)) - 1n;
  return Array.from({ length: bytes.length / size }, (_, n) => {
    const pattern = size === 8 ? bytes.readBigUInt64LE(n * 8) : BigInt(bytes.readUIntLE(n * size, size));
    return (pattern & magnitude) > exponent ? magnitude : pattern;
  });
}

/** Short formats: every pattern. Others: random exponents around 1, where the addition rounds, and random patterns. */
function inputsOf(format: Format): Buffer {
  const bytes = Buffer.alloc(COUNT * DTYPE_BYTES[format]);
  const random = seededRandom(17);
  for (let n = 0; n < COUNT; n++) {
    const near = (random() - 0.5) * 2 ** Math.floor(random() * 120 - 60);
    if (DTYPE_BYTES[format] === 2) bytes.writeUInt16LE(n, n * 2);
    else if (format === 'F32' && n % 2 === 0) bytes.writeFloatLE(near, n * 4);
    else if (format === 'F32') bytes.writeUInt32LE(Math.floor(random() * 2 ** 32), n * 4);
    else if (n % 2 === 0) bytes.writeDoubleLE(near, n * 8);
    else bytes.writeBigUInt64LE((BigInt(Math.floor(random() * 2 ** 32)) << 32n) + BigInt(n), n * 8);
  }
  return bytes;
}

const torch = new Map<Format, Buffer>();

beforeAll(() => {
  const input = Buffer.concat(ORDER.map(inputsOf));
  const output = execFileSync(PYTHON, ['-c', ADD_ONE_IN_TORCH], { input, timeout: 100_000 });
  expect(output.length).toBe(input.length);
  let position = 0;
  for (const format of ORDER) {
    const end = position + COUNT * DTYPE_BYTES[format];
    torch.set(format, output.subarray(position, end));
    position = end;
  }
}, 120_000);

it.each(ORDER)('adds one to %s as torch does', (format) => {
  const bytes = DTYPE_BYTES[format];
  const inputs = inputsOf(format);
  // Even elements are in one item, odd ones in the other.
  const items = Array.from({ length: ITEMS }, (_, k) => {
    const item = new MemoryItem(COUNT / ITEMS, bytes);
    for (let n = 0; n < COUNT / ITEMS; n++)
      inputs.copy(item.bytes, n * bytes, (n * ITEMS + k) * bytes, (n * ITEMS + k + 1) * bytes);
    return item;
  });
  const tensor: PlannedTensor = {
    name: 't',
    dtype: format,
    sourceDtype: format,
    shape: [COUNT],
    begin: 0,
    end: COUNT * bytes,
    arithmetic: 'add-one',
    copies: items.map((_, item) => ({
      item,
      shape: [COUNT / ITEMS],
      sourceOffset: 0,
      sourceStrides: [1],
      targetOffset: item,
      targetStrides: [ITEMS],
    })),
  };
  const output: Buffer[] = [];
  writeTensor(tensor, itemsAt(items), new Buffers(), (block) => output.push(Buffer.from(block)));
  const found = patternsOf(format, Buffer.concat(output));
  const expected = patternsOf(format, torch.get(format) ?? Buffer.alloc(0));
  expect(found.length).toBe(COUNT);
  expect(found.flatMap((pattern, n) => (pattern === expected[n] ? [] : [{ n, pattern, torch: expected[n] }]))).toEqual(
    [],
  );
});
