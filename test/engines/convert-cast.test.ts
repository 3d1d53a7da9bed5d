// Casts against torch: the exported tensors of a cast are those of the uncast export, cast by torch.
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { convert } from '../../src/engines/convert.ts';
import {
  digestTensors,
  inputFor,
  preflightFor,
  PYTHON,
  surroundingsFor,
  temporaryDirectory,
} from '../support/rank-conversion.ts';

const CAST = `
import hashlib, json, sys, torch
from safetensors import safe_open
out = {}
with safe_open(sys.argv[1], framework="pt") as file:
    for key in file.keys():
        tensor = file.get_tensor(key).to(getattr(torch, sys.argv[2])).contiguous()
        data = tensor.flatten().view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        out[key] = hashlib.sha256(data).hexdigest()
print(json.dumps(out))
`;

let directory: string;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function exportAs(dtype: 'source' | 'float32' | 'float16'): Promise<string> {
  const input = await inputFor('llama-trained', join(directory, dtype), { dtype });
  const { staging } = await convert(input, await preflightFor(input, 1), surroundingsFor());
  return join(staging, 'export');
}

it.each([
  ['float32', 'F32'],
  ['float16', 'F16'],
] as const)('casts to %s as torch does', async (dtype, name) => {
  const source = join(await exportAs('source'), 'model.safetensors');
  const expected: unknown = JSON.parse(execFileSync(PYTHON, ['-c', CAST, source, dtype], { encoding: 'utf8' }));
  const found = await digestTensors(await exportAs(dtype));
  expect(Object.fromEntries(Object.entries(found).map(([key, { sha256 }]) => [key, sha256]))).toEqual(expected);
  expect(new Set(Object.values(found).map((tensor) => tensor.dtype))).toEqual(new Set([name]));
});
