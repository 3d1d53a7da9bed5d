// References whose weights have little but a header.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { resolveReference } from '../../src/reference/resolve.ts';
import type { Reference } from '../../src/reference/types.ts';
import { buildHeader, encodeHeader } from '../../src/safetensors/build-header.ts';
import { surroundings } from './publish-staging.ts';

export const COMMIT = 'b2'.repeat(20);
export const INDEX = 'model.safetensors.index.json';
/** Enough of a reference without weights. */
export const SMALL = {
  'config.json': JSON.stringify({ architectures: ['LlamaForCausalLM'], model_type: 'llama' }),
  'tokenizer.json': '{}',
};

export type Files = Readonly<Record<string, string | Buffer>>;

/** A safetensors file of BF16 matrices [rows, 3] and F32 vectors [rows]. */
export function makeSafetensors(tensors: Readonly<Record<string, 'BF16' | 'F32'>>, rows = 2): Buffer {
  let at = 0;
  const infos = Object.entries(tensors).map(([name, dtype]) => {
    const [shape, begin] = [dtype === 'F32' ? [rows] : [rows, 3], at];
    at += dtype === 'F32' ? rows * 4 : rows * 6;
    return { name, dtype, shape, begin, end: at };
  });
  return Buffer.concat([encodeHeader(buildHeader(infos, { format: 'pt' })), Buffer.alloc(at, 7)]);
}

export function makeIndex(weightMap: Readonly<Record<string, string>>): string {
  return JSON.stringify({ metadata: { total_size: 1 }, weight_map: weightMap });
}

/** Writes the small files and `files` into a directory. */
export async function writeReference(path: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries({ ...SMALL, ...files })) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
}

/** @param id a directory, or a name on the hub that `environment` leads to */
export function resolveIn(
  environment: Readonly<Record<string, string>>,
  id = 'org/model',
  around = surroundings(),
): Promise<Reference> {
  const input = { hf_model_id: id, megatron_path: '/nowhere/iter_1', tokenizer_source: 'reference' } as const;
  return resolveReference(input, around, environment);
}

export function listWeights({ weights }: Reference): unknown {
  return weights && Object.fromEntries(weights.tensors);
}
