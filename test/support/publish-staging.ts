// A finished staging directory with small files, and its manifest, without a conversion.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Surroundings, Worker } from '../../src/contract/surroundings.ts';
import type { Manifest } from '../../src/publish/manifest.ts';
import { stagingPath, stagingPaths } from '../../src/files/staging.ts';
import { READER_POLICY } from '../../src/cli/reader-surroundings.ts';

export const BYTE_DIGEST = 'ab'.repeat(32);
export const OTHER_DIGEST = 'cd'.repeat(32);

export const FILES: Readonly<Record<string, string>> = {
  'config.json': '{"model_type": "llama"}',
  'model-00001-of-00002.safetensors': 'first weights',
  'model-00002-of-00002.safetensors': 'second weights, longer',
  'model.safetensors.index.json': '{}',
  'additional_chat_templates/tool.jinja': '{{ x }}',
};

export const worker = (change: Partial<Worker> = {}): Worker => ({
  kind: 'workflow',
  workflowId: 'convert-a',
  runId: 'run-1',
  attempt: 1,
  namespace: 'default',
  host: 'here',
  pid: 1,
  ...change,
});

export const surroundings = (change: Partial<Surroundings> = {}): Surroundings => ({
  signal: new AbortController().signal,
  onProgress: () => undefined,
  policy: { ...READER_POLICY, torchrun: ['torchrun'], python: ['python3'] },
  worker: worker(),
  previous: undefined,
  isOwnerAlive: () => Promise.resolve(true),
  ...change,
});

export async function makeFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'publish-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Fill the staging directory of `target` as the earlier phases do. */
export async function fillStaging(target: string, files = FILES, byteDigest = BYTE_DIGEST): Promise<string> {
  const staging = stagingPath(target, byteDigest);
  const paths = stagingPaths(staging);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(paths.export, name)), { recursive: true });
    await writeFile(join(paths.export, name), content);
  }
  await mkdir(paths.done, { recursive: true });
  await writeFile(join(paths.done, 'model-00001-of-00002.safetensors.json'), '{}');
  await mkdir(join(staging, 'attempt-1'), { recursive: true });
  await writeFile(join(staging, 'attempt-1', 'half-written'), 'rubbish');
  return staging;
}

export function manifestOf(target: string, files = FILES, change: Partial<Manifest> = {}): Manifest {
  const line = { rule: 'mapped', tensors: 2, bytes: 36, examples: ['a'] };
  return {
    format: 'megatron-to-hf export 1',
    artifacts: { checkpoint_megatron: '/run/iter_0000001', checkpoint_hf: target },
    validation: 'VALIDATED',
    byte_digest: BYTE_DIGEST,
    source: { path: '/run/iter_0000001', iteration: 1, metadata_digest: 'ef'.repeat(32), files: 2, bytes: 40 },
    reference: {
      id: '/reference',
      revision: null,
      digest: '12'.repeat(32),
      tokenizer_source: 'reference',
      remote_code: [],
      remote_code_allowed: false,
    },
    engine: {
      name: 'stream',
      version: '0.1.0',
      node: '24',
      family: 'llama',
      architecture: 'LlamaForCausalLM',
      ranks: 2,
    },
    options: { dtype: 'source' },
    tensors: 2,
    parameters: 18,
    bytes: 36,
    files: Object.entries(files).map(([name, content]) => ({
      name,
      bytes: Buffer.byteLength(content),
      sha256: createHash('sha256').update(content).digest('hex'),
    })),
    books: {
      mapped: line,
      dropped: [],
      vocabulary_padding: { rows: 0, bytes: 0 },
      produced: 2,
      excused: [],
      unmapped: [],
      missing: [],
    },
    config_patches: [],
    verify: { mode: 'headers', tensors: 2, files: 2, bytes: 36 },
    smoke: {
      validated: true,
      samples: [{ prompt: 'In', text: ' the', tokens: 1 }],
      perplexity: 10,
      shuffled_perplexity: 1000,
      ratio: 100,
      device: 'cpu',
      dtype: 'float32',
      versions: {},
      seconds: 1,
      warnings: [],
    },
    warnings: [],
    run: {
      kind: 'workflow',
      workflow_id: 'convert-a',
      run_id: 'run-1',
      namespace: 'default',
      host: 'here',
      written: '2026-01-01T00:00:00.000Z',
      seconds: { convert: 1, verify: 1, smoke: 1 },
    },
    ...change,
  };
}

/** Every file below a directory, by name; null where there is no directory. */
export async function readTree(path: string): Promise<Record<string, string> | null> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => null);
  if (!entries) return null;
  const files: Record<string, string> = {};
  for (const entry of entries.filter((candidate) => candidate.isFile())) {
    const full = join(entry.parentPath, entry.name);
    files[full.slice(path.length + 1)] = await readFile(full, 'utf8');
  }
  return files;
}
