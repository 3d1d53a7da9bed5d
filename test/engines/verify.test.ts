import { existsSync, readFileSync } from 'node:fs';
import { open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConversionInput, ConvertResult, PreflightResult, Progress } from '../../src/contract/index.ts';
import { convert } from '../../src/engines/convert.ts';
import { verify } from '../../src/engines/verify.ts';
import { inputFor, preflightFor, surroundingsFor, temporaryDirectory } from '../support/rank-conversion.ts';

let directory: string;
let input: ConversionInput;
let preflight: PreflightResult;
let converted: ConvertResult;
let exported: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  input = await inputFor('llama-trained', join(directory, 'target'), { max_shard_size: '600KB' });
  preflight = await preflightFor(input, 1);
  converted = await convert(input, preflight, surroundingsFor());
  exported = join(converted.staging, 'export');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const check = (mode: 'headers' | 'readback' = 'headers'): ReturnType<typeof verify> =>
  verify({ ...input, verify: mode }, preflight, converted, surroundingsFor());

async function weightFile(index: number): Promise<string> {
  const names = (await readdir(exported)).filter((name) => name.endsWith('.safetensors')).sort();
  return names[index] ?? '';
}

async function flip(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, position);
  await file.write(Buffer.from([(byte[0] ?? 0) ^ 4]), 0, 1, position);
  await file.close();
}

describe('verify', () => {
  it('passes a sound export, with its figures', async () => {
    const result = await check();
    expect(result).toMatchObject({ mode: 'headers', tensors: preflight.tensors, parameters: preflight.parameters });
    expect(result.files).toBe(preflight.files);
    expect(result.warnings).toEqual([]);
  });

  it('reads every byte again when asked, and reports how far it is', async () => {
    const progress: Progress[] = [];
    const around = surroundingsFor({ onProgress: (news) => progress.push(news) });
    const result = await verify({ ...input, verify: 'readback' }, preflight, converted, around);
    expect(result).toMatchObject({ mode: 'readback', warnings: [] });
    expect(progress.at(-1)).toMatchObject({ phase: 'verify', done_bytes: result.bytes, total_bytes: result.bytes });
  });

  it('finds a flipped bit in the data with readback, removes the file, and convert writes it anew', async () => {
    const name = await weightFile(1);
    const sound = readFileSync(join(exported, name));
    await flip(join(exported, name), sound.length - 100);
    await check('headers');
    await expect(check('readback')).rejects.toMatchObject({
      type: 'VerificationFailed',
      problems: [expect.stringContaining(`${name}: its bytes have the SHA-256`)],
      facts: { removed: [name] },
    });
    expect(existsSync(join(exported, name))).toBe(false);
    const again = await convert(input, preflight, surroundingsFor());
    expect(again.files_reused).toBe(again.files - 1);
    expect(readFileSync(join(exported, name)).equals(sound)).toBe(true);
    await check('readback');
  });

  it('names everything that is wrong at once', async () => {
    const [header, short, lost, recordless] = await Promise.all([0, 1, 2, 3].map(weightFile));
    await flip(join(exported, header ?? ''), 12);
    await truncate(join(exported, short ?? ''), 1000);
    await rm(join(exported, lost ?? ''));
    await rm(join(converted.staging, 'done', `${recordless ?? ''}.json`));
    await writeFile(join(exported, 'pytorch.safetensors'), '');
    await expect(check()).rejects.toMatchObject({
      type: 'VerificationFailed',
      problems: [
        expect.stringContaining(`${header}: `),
        expect.stringContaining(`${short}: has 1000 bytes, expected`),
        expect.stringContaining(`${lost}: missing`),
        expect.stringContaining(`${recordless}: has no readable done record`),
        expect.stringContaining('pytorch.safetensors: not in the plan'),
      ],
      facts: { removed: [header, short, lost, recordless] },
    });
  });

  it.each([
    ['missing', (path: string) => rm(path)],
    ['not readable', (path: string) => writeFile(path, '{')],
    ['metadata is', (path: string) => edit(path, (index) => ({ ...index, metadata: { total_size: 1 } }))],
    [
      'expected no such tensor',
      (path: string) => edit(path, (index) => withTensor(index, 'stranger', 'model.safetensors')),
    ],
    [
      'lm_head.weight is in elsewhere',
      (path: string) => edit(path, (index) => withTensor(index, 'lm_head.weight', 'elsewhere')),
    ],
  ])('finds an index that is wrong: %s', async (problem, damage) => {
    await damage(join(exported, 'model.safetensors.index.json'));
    await expect(check()).rejects.toMatchObject({
      type: 'VerificationFailed',
      problems: [expect.stringContaining(problem)],
      facts: { removed: [] },
    });
  });

  it('refuses the staging directory of another conversion', async () => {
    const other = { ...preflight, byte_digest: 'f'.repeat(64) };
    await expect(verify(input, other, converted, surroundingsFor())).rejects.toMatchObject({
      type: 'VerificationFailed',
      problems: [expect.stringContaining('plan.json belongs to the conversion')],
    });
  });

  it('stops when it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(verify(input, preflight, converted, surroundingsFor({ signal }))).rejects.toThrow('enough');
  });
});

interface Index {
  readonly metadata: object;
  readonly weight_map: object;
}

async function edit(path: string, change: (index: Index) => Index): Promise<void> {
  await writeFile(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as Index)));
}

const withTensor = (index: Index, name: string, file: string): Index => ({
  ...index,
  weight_map: { ...index.weight_map, [name]: file },
});
