// Against the safetensors library of Python: files that it writes are read, and what we write is what it writes.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildHeader, encodeHeader } from '../../src/safetensors/build-header.ts';
import { readHeader } from '../../src/safetensors/read-header.ts';
import { HeaderError } from '../../src/safetensors/types.ts';
import { PYTHON, temporaryDirectory } from '../support/rank-conversion.ts';

const WRITE = `
import sys, torch
from safetensors.torch import save_file
torch.manual_seed(0)
tensors = {
    "model.layers.10.weight": torch.randn(3, 5).bfloat16(),
    "model.layers.2.weight": torch.randn(4).half(),
    "norm": torch.randn(7),
    "double": torch.randn(2, 2).double(),
    "scalar": torch.tensor(1.5),
    "empty": torch.zeros(0, 3),
    "ids": torch.arange(5),
    "flags": torch.tensor([True, False]),
    "bytes": torch.arange(3, dtype=torch.uint8),
    "fp8": torch.randn(4).to(torch.float8_e4m3fn),
    "0": torch.arange(2, dtype=torch.int32),
    "späte": torch.arange(2, dtype=torch.int16),
}
save_file(tensors, sys.argv[1], metadata={"format": "pt"})
`;
const READ = `
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], framework="pt") as file:
    print(json.dumps({key: list(file.get_slice(key).get_shape()) for key in file.keys()}))
`;

let directory: string;
let path: string;
beforeAll(async () => {
  directory = await temporaryDirectory();
  path = join(directory, 'python.safetensors');
  execFileSync(PYTHON, ['-c', WRITE, path]);
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

it('reads its files', async () => {
  const { tensors, metadata } = await readHeader(path);
  expect(metadata).toEqual({ format: 'pt' });
  expect(tensors.size).toBe(12);
  expect(tensors.get('model.layers.10.weight')).toMatchObject({ dtype: 'BF16', shape: [3, 5] });
  expect(tensors.get('fp8')).toMatchObject({ dtype: 'F8_E4M3', shape: [4] });
  expect(tensors.get('scalar')).toMatchObject({ dtype: 'F32', shape: [] });
});

it('writes its header, byte for byte', async () => {
  const header = await readHeader(path);
  const inFileOrder = [...header.text.matchAll(/"((?:[^"\\]|\\.)*)":\{"dtype"/g)].map(([, name]) => name ?? '');
  const tensors = inFileOrder.map((name) => {
    const info = header.tensors.get(name);
    if (info === undefined) throw new Error(`no ${name}`);
    return { name, ...info };
  });
  expect(buildHeader(tensors, { format: 'pt' })).toBe(header.text);
  expect(encodeHeader(header.text).equals(readFileSync(path).subarray(0, header.dataOffset))).toBe(true);
});

it('writes files that it reads', async () => {
  const header = buildHeader([
    { name: 'a', dtype: 'BF16', shape: [2, 2], begin: 0, end: 8 },
    { name: 'b', dtype: 'F32', shape: [1], begin: 8, end: 12 },
  ]);
  const ours = join(directory, 'ours.safetensors');
  await writeFile(ours, Buffer.concat([encodeHeader(header), Buffer.alloc(12)]));
  expect(JSON.parse(execFileSync(PYTHON, ['-c', READ, ours], { encoding: 'utf8' }))).toEqual({ a: [2, 2], b: [1] });
});

it('refuses a file that was cut', async () => {
  const whole = readFileSync(path);
  for (const size of [0, 7, 8, 100, whole.length - 1]) {
    const cut = join(directory, `cut-${size}.safetensors`);
    await writeFile(cut, whole.subarray(0, size));
    await expect(readHeader(cut)).rejects.toBeInstanceOf(HeaderError);
  }
});
