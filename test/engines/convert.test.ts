import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convert } from '../../src/engines/convert.ts';
import { verify } from '../../src/engines/verify.ts';
import {
  digestTensors,
  expectedOf,
  FIXTURES,
  inputFor,
  preflightFor,
  surroundingsFor,
  temporaryDirectory,
} from '../support/rank-conversion.ts';

let directory: string;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Without torchrun one process writes everything. */
const LAUNCHES = [
  { ranks: 1, distributed: true },
  { ranks: 2, distributed: true },
  { ranks: 4, distributed: true },
  { ranks: 1, distributed: false },
  { ranks: 2, distributed: false },
  { ranks: 4, distributed: false },
] as const;

/** Every launch, with many files and with one. */
function variantsOf(fixture: string): ((typeof LAUNCHES)[number] & { max_shard_size: string })[] {
  const small = fixture === 'llama-trained' ? '300KB' : '20KB';
  return [small, '5GB'].flatMap((max_shard_size) => LAUNCHES.map((launch) => ({ ...launch, max_shard_size })));
}

describe.each(FIXTURES)('convert %s', (fixture) => {
  it.each(variantsOf(fixture))(
    'writes the expected tensors: $max_shard_size, $ranks ranks, torchrun $distributed',
    async (variant) => {
      const { ranks, ...request } = variant;
      const target = join(directory, `${fixture}-${ranks}-${request.max_shard_size}-${String(request.distributed)}`);
      const input = await inputFor(fixture, target, request);
      const preflight = await preflightFor(input, ranks);
      const result = await convert(input, preflight, surroundingsFor());
      const exported = join(result.staging, 'export');
      expect(await digestTensors(exported)).toEqual((await expectedOf(fixture)).tensors);
      expect(result.files).toBe(preflight.files);
      expect(result.files > 2).toBe(request.max_shard_size !== '5GB');
      expect((await readdir(exported)).includes('model.safetensors.index.json')).toBe(result.files > 1);
      expect((await verify(input, preflight, result, surroundingsFor())).tensors).toBe(preflight.tensors);
    },
  );
});

describe('convert again', () => {
  it('reuses every finished file untouched, and says so', async () => {
    const input = await inputFor('llama-trained', join(directory, 'again'), { max_shard_size: '300KB' });
    const preflight = await preflightFor(input, 1);
    const first = await convert(input, preflight, surroundingsFor());
    const before = await stamps(join(first.staging, 'export'));
    const second = await convert(input, preflight, surroundingsFor());
    expect(second).toMatchObject({ files: 15, files_reused: 15, bytes_written: 0, bytes_reused: first.bytes_written });
    expect(await stamps(join(first.staging, 'export'))).toEqual(before);
  });

  it('writes all files with one rank when distributed_save is false', async () => {
    const request = { max_shard_size: '300KB', distributed_save: false } as const;
    const input = await inputFor('llama-trained', join(directory, 'single-writer'), request);
    const result = await convert(input, await preflightFor(input, 2), surroundingsFor());
    const records = await Promise.all(
      (await readdir(join(result.staging, 'done'))).map(async (name) =>
        readFile(join(result.staging, 'done', name), 'utf8'),
      ),
    );
    expect(records).toHaveLength(15);
    expect(new Set(records.map((text) => (JSON.parse(text) as { rank: number }).rank))).toEqual(new Set([0]));
  });
});

/** Inode and modification time of the weight files. */
async function stamps(exported: string): Promise<Record<string, string>> {
  const names = (await readdir(exported)).filter((name) => name.endsWith('.safetensors'));
  const entries = names.map(async (name) => {
    const { ino, mtimeNs } = await stat(join(exported, name), { bigint: true });
    return [name, `${ino} ${mtimeNs}`] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
