// The files that transformers itself writes for tiny models: the same names, the same keys in each, the same index, the same headers.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFamily } from '../../src/models/registry.ts';
import { parseHeader } from '../../src/safetensors/parse-header.ts';
import type { ModelConfig } from '../../src/models/types.ts';
import { layOutFile, tensorBytes } from '../../src/plan/lay-out-file.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { makeMetadata } from '../support/plan-metadata.ts';
import { runPython } from '../support/run-python.ts';

const ROOT = join(import.meta.dirname, '../..');
let directory = '';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'save-pretrained-'));
  const script = join(ROOT, 'test/support/plan_save_pretrained.py');
  await runPython(script, [directory]);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function headerOf(path: string): string {
  const bytes = readFileSync(path);
  return bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString('utf8');
}

describe('a plan gives what save_pretrained of transformers writes', () => {
  it.each([
    'llama',
    'llama-biases-tied',
    'llama-all-heads',
    'mistral',
    'qwen2',
    'qwen2-tied',
    'qwen3',
    'qwen3-bias-tied',
  ])('%s', (name) => {
    const saves = readdirSync(directory).filter((entry) => entry.replace(/-\d+$/, '') === name);
    expect(saves).toHaveLength(4);
    for (const save of saves) {
      const saved = join(directory, save);
      const config = JSON.parse(readFileSync(join(saved, 'config.json'), 'utf8')) as ModelConfig;
      const family = findFamily(config);
      if (!family) throw new Error(`no family for ${name}`);
      const plan = makePlan({
        checkpoint: makeMetadata(family, config, { padding: 14, tp: 2 }),
        checkpointStat: new Map(),
        family,
        config,
        input: { strict: true, dtype: 'source', max_shard_size: Number(save.split('-').at(-1)) },
      });
      const files = readdirSync(saved).filter((file) => file.endsWith('.safetensors'));
      expect(plan.files.map((file) => file.name).sort()).toEqual(files.sort());
      for (const file of plan.files) expect(file.header, `${save}/${file.name}`).toBe(headerOf(join(saved, file.name)));
      const index = files.length > 1 ? readFileSync(join(saved, 'model.safetensors.index.json'), 'utf8') : null;
      expect(plan.index && `${JSON.stringify(plan.index, null, 2)}\n`).toBe(index);
    }
  });
});

it('a file of every dtype is laid out as the safetensors library does', () => {
  const file = readFileSync(join(directory, 'dtypes.safetensors'));
  const { tensors, text } = parseHeader(file, file.length);
  expect(tensors.size).toBe(30);
  const shuffled = [...tensors].sort(([a], [b]) => (a.slice(3) < b.slice(3) ? -1 : 1));
  const sized = shuffled.map(([name, { dtype, shape }]) => {
    const bytes = tensorBytes(shape, dtype);
    return { name, dtype, sourceDtype: dtype, shape, bytes, arithmetic: 'none' as const, copies: [] };
  });
  expect(layOutFile('dtypes.safetensors', sized).header).toBe(text);
});
