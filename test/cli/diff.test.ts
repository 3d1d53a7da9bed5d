import { copyFile, cp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Comparison } from '../../src/compare/types.ts';
import { readHeader } from '../../src/safetensors/read-header.ts';
import { makeFolder } from '../config/config-folder.ts';
import { float32, writeSafetensors, type Stored } from '../support/safetensors-file.ts';
import { temporaryDirectory } from '../support/rank-conversion.ts';
import { findIteration, FIXTURE, ITERATION, jsonLines, ROOT, runCli } from './run-cli.ts';

const PER_LAYER = `${ROOT}fixtures/mistral-per-layer`;
let exported = '';

beforeAll(async () => {
  const folder = await temporaryDirectory();
  exported = join(folder, 'export');
  const paths = [`megatron_path=${ITERATION}`, `hf_model_id=${FIXTURE}/reference`, `hf_path=${exported}`];
  const { exitCode, stderr } = await runCli(['convert', ...paths, 'distributed=false', 'smoke.enabled=false']);
  expect(exitCode, stderr).toBe(0);
  return () => rm(folder, { recursive: true });
});

/** A copy of the export in which one bit of a tensor's element is turned. */
async function copyDamaged(tensor: string, element: number, bit: number): Promise<string> {
  const copy = join(await makeFolder(), 'damaged');
  await cp(exported, copy, { recursive: true });
  const path = join(copy, 'model.safetensors');
  const { tensors, dataOffset } = await readHeader(path);
  const position = dataOffset + (tensors.get(tensor)?.begin ?? 0) + element * 2 + (bit >> 3);
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, position);
  await file.write(Buffer.from([(byte[0] ?? 0) ^ (1 << (bit & 7))]), 0, 1, position);
  await file.close();
  return copy;
}

test('a checkpoint and its export are equal, whichever comes first', async () => {
  for (const sides of [
    [ITERATION, exported],
    [exported, ITERATION],
  ]) {
    const { stdout, stderr, exitCode } = await runCli(['diff', ...sides]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^equal: 39 tensors byte for byte$/m);
    expect(stdout).toContain('checkpoint of family llama: 39 tensors, 2,342,592 parameters');
    expect(stderr).toBe('');
  }
});

test('one bit in one element: exit 1, with the tensor, the place and the size', async () => {
  const damaged = await copyDamaged('model.layers.2.mlp.down_proj.weight', 512 + 7, 6);
  const { stdout, exitCode } = await runCli(['diff', ITERATION, damaged]);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(
    /^! model\.layers\.2\.mlp\.down_proj\.weight {2}BF16 \[192, 512\] 1 of 98,304 elements differ, max \|a-b\| \S+ at \[1, 7\] \(/m,
  );
  expect(stdout).toMatch(
    /^different: 1 of 39 tensors are not equal; the largest difference is \S+ in model\.layers\.2/m,
  );
  const json = await runCli(['diff', '--json', ITERATION, damaged]);
  expect(json.exitCode).toBe(1);
  const [comparison] = jsonLines(json.stdout) as unknown as Comparison[];
  expect(comparison).toMatchObject({ equal: false, tolerance: null, counts: { equal: 38, different: 1 } });
  const [odd, ...others] = comparison?.tensors.filter(({ status }) => status !== 'equal') ?? [];
  expect(others).toEqual([]);
  expect(odd).toMatchObject({ name: 'model.layers.2.mlp.down_proj.weight', distance: { at: [1, 7] } });
  const [a, b] = odd?.distance?.values ?? [];
  expect(odd?.distance?.max_abs_difference).toBe(Math.abs(Number(a) - Number(b)));
});

test('a tolerance, and what is too far for it', async () => {
  const damaged = await copyDamaged('model.norm.weight', 3, 0);
  expect((await runCli(['diff', exported, damaged])).exitCode).toBe(1);
  const { stdout, exitCode } = await runCli(['diff', exported, damaged, '--tolerance', '0.1']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^equal: 39 tensors as numbers, within 0\.1$/m);
  expect((await runCli(['diff', exported, damaged, '--tolerance', '1e-9'])).exitCode).toBe(1);
});

function makeLayers(...values: readonly number[]): Record<string, Stored> {
  return Object.fromEntries(values.map((value, layer) => [`model.layers.${layer}.norm.weight`, float32(value)]));
}

test('like tensors are one line, --all gives each its own', async () => {
  const folder = await makeFolder();
  const [a, b] = [join(folder, 'a.safetensors'), join(folder, 'b.safetensors')];
  await writeSafetensors(a, { ...makeLayers(1, 2, 3), same: float32(1) });
  await writeSafetensors(b, { ...makeLayers(1.5, 4, 3.25), same: float32(1), more: float32(1) });
  const short = await runCli(['diff', a, b]);
  expect(short.stdout).toMatch(
    /^! model\.layers\.\{0\.\.2\}\.norm\.weight {2}3 tensors, the furthest model\.layers\.1\.norm\.weight: .* max \|a-b\| 2 at \[0\] \(2 \/ 4\)$/m,
  );
  expect(short.stdout).toMatch(/^> more +only in B: F32 \[1\]$/m);
  expect(short.stdout).not.toMatch(/^= same/m);
  const long = await runCli(['diff', a, b, '--all']);
  expect(long.stdout.match(/^[!=>] /gm)).toEqual(['! ', '! ', '! ', '= ', '> ']);
});

test('two checkpoints of one family, with the reference', async () => {
  const path = findIteration(PER_LAYER);
  const { stdout, exitCode } = await runCli(['diff', path, path, '-r', `${PER_LAYER}/reference`]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^equal: \d+ tensors byte for byte$/m);
});

test('a checkpoint that recorded its own model needs no other reference', async () => {
  const path = findIteration(`${ROOT}fixtures/core-0.19`);
  const { stdout, stderr, exitCode } = await runCli(['diff', path, path, '-r', 'from-checkpoint']);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain('checkpoint of family qwen3');
});

test('an export without a tokenizer names the tensors all the same', async () => {
  const folder = await makeFolder();
  for (const name of ['config.json', 'model.safetensors']) await copyFile(join(exported, name), join(folder, name));
  expect((await runCli(['diff', ITERATION, folder])).exitCode).toBe(0);
});

test('what cannot be compared: exit 2, all problems of both sides at once', async () => {
  const folder = await makeFolder({ 'notes.txt': 'x' });
  const { stdout, stderr, exitCode } = await runCli(['diff', `${folder}/absent`, folder]);
  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(`A, ${folder}/absent, cannot be examined: ENOENT`);
  expect(stderr).toContain(`B, ${folder}, holds neither .metadata`);
  const json = await runCli(['diff', '--json', `${folder}/absent`, folder]);
  expect(json.exitCode).toBe(2);
  expect(jsonLines(json.stdout)).toEqual([
    expect.objectContaining({
      event: 'failed',
      type: 'InvalidInput',
      exit_code: 2,
      problems: [expect.stringContaining('A,'), expect.stringContaining('B,')],
    }),
  ]);
});

test('two checkpoints and nothing that says which model they hold', async () => {
  const { stderr, exitCode } = await runCli(['diff', ITERATION, ITERATION]);
  expect(exitCode).toBe(2);
  expect(stderr.match(/Give --reference/g)).toHaveLength(2);
});

test('a reference of another model is no difference of the weights', async () => {
  const { stderr, exitCode } = await runCli(['diff', ITERATION, exported, '-r', `${PER_LAYER}/reference`]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('ReferenceMismatch');
});

test.each(['-1', 'much', '', 'Infinity'])('--tolerance=%s is a usage error', async (text) => {
  const { stderr, exitCode } = await runCli(['diff', exported, exported, `--tolerance=${text}`]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('must be a number of at least 0');
});
