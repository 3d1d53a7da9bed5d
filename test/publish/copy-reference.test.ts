import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { patchConfig, type PatchedPlan } from '../../src/publish/config-patches.ts';
import { copyReference, readCopiedReference } from '../../src/publish/copy-reference.ts';
import { resolveReference } from '../../src/reference/resolve.ts';
import type { Reference } from '../../src/reference/types.ts';
import { makeFolder, readTree, surroundings } from '../support/publish-staging.ts';

const plan = (dtypes: Readonly<Record<string, number>>, mtp = 0, excused = 0): PatchedPlan => {
  let end = 0;
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  for (const [dtype, bytes] of Object.entries(dtypes)) {
    header[`tensor-${dtype}`] = { dtype, shape: [bytes], data_offsets: [end, (end += bytes)] };
  }
  return {
    files: [{ name: 'model.safetensors', header: JSON.stringify(header) }],
    books: {
      dropped: [{ rule: 'mtp', tensors: mtp }],
      excused: [
        { rule: 'mtp copies', tensors: 2 },
        { rule: 'mtp', tensors: excused },
      ],
    },
  };
};
const CONFIG =
  '{\n  "architectures": ["LlamaForCausalLM"],\n  "model_type": "llama",\n  "rms_norm_eps": 1e-05,\n  "dtype": "bfloat16"\n}\n';

describe('patchConfig', () => {
  it('changes nothing where everything fits', () => {
    expect(patchConfig(CONFIG, plan({ BF16: 100, F32: 4 }))).toEqual({ text: CONFIG, patches: [] });
  });

  it('sets the dtype of the exported tensors, in both spellings, and nothing else', () => {
    const { text, patches } = patchConfig(CONFIG.replace('"dtype"', '"torch_dtype"'), plan({ F32: 100, BF16: 4 }));
    expect(text).toBe(CONFIG.replace('"dtype": "bfloat16"', '"torch_dtype": "float32"'));
    expect(patches).toEqual([
      { field: 'torch_dtype', from: 'bfloat16', to: 'float32', why: expect.stringContaining('float32') },
    ]);
    expect(patchConfig(CONFIG, plan({ F16: 2 })).text).toContain('"dtype": "float16"');
  });

  it('does not add a dtype, nor judge by integers', () => {
    const bare = '{"model_type": "llama"}';
    expect(patchConfig(bare, plan({ F16: 2 })).text).toBe(bare);
    expect(patchConfig(CONFIG, plan({ I64: 999 })).patches).toEqual([]);
  });

  it('removes a quantization, and sets dropped prediction layers to none', () => {
    const config = '{"quantization_config": {"a": [1]}, "num_nextn_predict_layers": 1, "tie_word_embeddings": true}';
    const { text, patches } = patchConfig(config, plan({ BF16: 2 }, 3));
    expect(JSON.parse(text)).toEqual({ num_nextn_predict_layers: 0, tie_word_embeddings: true });
    expect(patches.map(({ field, from, to }) => [field, from, to])).toEqual([
      ['quantization_config', { a: [1] }, null],
      ['num_nextn_predict_layers', 1, 0],
    ]);
    expect(patchConfig('{"num_nextn_predict_layers": 1}', plan({ BF16: 2 })).patches).toEqual([]);
  });

  it('sets prediction layers that the checkpoint lacks to none', () => {
    const { text } = patchConfig('{"num_nextn_predict_layers": 1}', plan({ BF16: 2 }, 0, 21));
    expect(text).toBe('{"num_nextn_predict_layers": 0}');
    const others = patchConfig('{"mtp_num_hidden_layers": 1, "num_mtp_layers": 2}', plan({ BF16: 2 }, 0, 21));
    expect(JSON.parse(others.text)).toEqual({ mtp_num_hidden_layers: 0, num_mtp_layers: 0 });
  });
});

describe('copyReference', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let source: string;
  let staging: string;
  let reference: Reference;

  beforeEach(async () => {
    folder = await makeFolder();
    [source, staging] = [join(folder.path, 'reference'), join(folder.path, '.hf.x.partial')];
    await mkdir(source);
    await mkdir(staging);
    const config = CONFIG.replace('"model_type"', '"auto_map": {"AutoModel": "modeling_x.M"}, "model_type"');
    for (const [name, content] of Object.entries({
      'config.json': config,
      'tokenizer.json': '{"é": 1}',
      'modeling_x.py': 'raise SystemExit',
    })) {
      await writeFile(join(source, name), content);
    }
    reference = await resolve('reference');
  });
  afterEach(() => folder.remove());

  const resolve = (tokenizer_source: 'reference' | 'checkpoint'): Promise<Reference> =>
    resolveReference(
      { hf_model_id: source, megatron_path: join(folder.path, 'iter_1'), tokenizer_source },
      surroundings(),
      {},
    );
  const copy = (dtypes = { BF16: 2 }): ReturnType<typeof copyReference> =>
    copyReference({ hf_model_id: source }, plan(dtypes), reference, staging);

  it('copies byte for byte, code as data, and leaves a record', async () => {
    expect(await copy()).toEqual({ patches: [], warnings: [] });
    expect(await readTree(join(staging, 'export'))).toEqual(await readTree(source));
    expect(await readCopiedReference(staging)).toMatchObject({
      digest: reference.digest,
      files: ['config.json', 'modeling_x.py', 'tokenizer.json'],
      remote_code: ['modeling_x'],
      patches: [],
    });
  });

  it('patches config.json, and can be repeated with another result', async () => {
    const { patches } = await copyReference({ hf_model_id: source }, plan({ F32: 2 }), reference, staging);
    expect(patches).toHaveLength(1);
    expect(await readFile(join(staging, 'export', 'config.json'), 'utf8')).toContain('"dtype": "float32"');
    await copy();
    expect(await readTree(join(staging, 'export'))).toEqual(await readTree(source));
  });

  it('removes what another reference left, and keeps the weights', async () => {
    await mkdir(join(staging, 'export', 'additional_chat_templates'), { recursive: true });
    for (const name of [
      'vocab.json',
      'additional_chat_templates/a.jinja',
      'model.safetensors',
      'model.safetensors.index.json',
    ]) {
      await writeFile(join(staging, 'export', name), 'x');
    }
    await copy();
    expect(Object.keys((await readTree(join(staging, 'export'))) ?? {}).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'model.safetensors.index.json',
      'modeling_x.py',
      'tokenizer.json',
    ]);
  });

  it('takes the tokenizer of the checkpoint where that is asked for', async () => {
    await mkdir(join(folder.path, 'iter_1', 'tokenizer'), { recursive: true });
    await writeFile(join(folder.path, 'iter_1', 'tokenizer', 'tokenizer.json'), '{"own": 1}');
    reference = await resolve('checkpoint');
    expect((await copy()).warnings).toEqual([expect.stringContaining('tokenizer.json differs')]);
    expect(await readFile(join(staging, 'export', 'tokenizer.json'), 'utf8')).toBe('{"own": 1}');
  });

  it('notices a reference that changed since it was resolved', async () => {
    await writeFile(join(source, 'tokenizer.json'), '{"é": 2}');
    await expect(copy()).rejects.toMatchObject({ type: 'ReferenceUnavailable' });
    expect(await readCopiedReference(staging)).toBeNull();
  });

  it('says so where the disk is full', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root may mount');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', staging]);
    try {
      await writeFile(join(source, 'tokenizer.json'), 'x'.repeat(200_000));
      reference = await resolve('reference');
      await expect(copy()).rejects.toMatchObject({
        type: 'InsufficientSpace',
        message: `The disk is full: ${join(staging, 'export/tokenizer.json')} needs 200000 bytes (ENOSPC). Free space, then run again.`,
      });
    } finally {
      execFileSync('umount', [staging]);
    }
  });
});
