import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../config/config-folder.ts';
import { FIXTURE, ITERATION, ROOT, findIteration, jsonLines, runCli } from './run-cli.ts';

const PER_LAYER = `${ROOT}fixtures/mistral-per-layer`;

test('without a reference: what is there and how it is laid out', async () => {
  const { stdout, exitCode } = await runCli(['inspect', ITERATION]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^ {2}family {6}not recorded \(tables that fit: .*llama.*\); give --reference </m);
  expect(stdout).toContain('layers      4, as a leading axis');
  expect(stdout).toContain('norms       fused');
  expect(stdout).toContain('parameters  2,361,024 (BF16 2,361,024)');
  expect(stdout).toContain('vocabulary  2048 rows, 48 of them padding (common state args says 2000)');
  expect(stdout).toContain('written by  4 ranks; 1 to 16 chunks a tensor; embedding rows in 2 parts (tensor parallel)');
  expect(stdout).toContain('common state args: tp=2 pp=2');
  expect(stdout).toMatch(/^decoder\.layers\.mlp\.linear_fc1\.weight +BF16 +\[4, 1024, 192\]$/m);
});

test('the model id in run_config.yaml is the first guess', async () => {
  const { stdout } = await runCli(['inspect', '--json', findIteration(`${ROOT}fixtures/core-0.19`)]);
  expect(jsonLines(stdout)).toMatchObject([
    {
      family: 'qwen3',
      family_source: 'guess',
      guess: { evidence: 'hf_model_id "/data/tiny-qwen3"', recorded_model_id: '/data/tiny-qwen3' },
      vocabulary: { rows: 512, used: 290, source: 'run_config.yaml', padding: 222 },
      layout: { layers: 'axis', experts: null, norms: 'fused', writers: 2, embedding_parts: 2 },
      exported_parameters: null,
    },
  ]);
});

test('.metadata alone is enough to look at: what cannot be read of the training is told', async () => {
  const folder = await makeFolder();
  for (const name of ['.metadata', 'metadata.json'])
    await copyFile(join(findIteration(`${ROOT}fixtures/core-0.19`), name), join(folder, name));
  const { stdout, exitCode } = await runCli(['inspect', folder]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('layers      3, as a leading axis');
  expect(stdout).toMatch(/^ {2}training {4}cannot be read: .*__0_0\.distcp/m);
});

test('--all gives layers and the optimizer a line each', async () => {
  const { stdout } = await runCli(['inspect', '--all', findIteration(PER_LAYER)]);
  expect(stdout.match(/^decoder\.layers\.\d\.mlp\.linear_fc1\.weight /gm)).toHaveLength(4);
  const distributed = await runCli(['inspect', '--all', findIteration(`${ROOT}fixtures/core-0.16`)]);
  expect(distributed.stdout.match(/^optimizer\..* dropped: optimizer$/gm)).toHaveLength(6);
});

test('with a reference: where each tensor goes, and the books', async () => {
  const { stdout, exitCode } = await runCli(['inspect', findIteration(PER_LAYER), '-r', `${PER_LAYER}/reference`]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('family      mistral');
  expect(stdout).toMatch(
    /^decoder\.layers\.\{0\.\.3\}\.mlp\.linear_fc1\.weight .* -> model\.layers\.\*\.mlp\.gate_proj\.weight, model\.layers\.\*\.mlp\.up_proj\.weight$/m,
  );
  expect(stdout).toMatch(/^ {2}closed$/m);
});

test('--json names the targets of each source tensor', async () => {
  const { stdout } = await runCli(['inspect', '--json', ITERATION, '-r', `${FIXTURE}/reference`]);
  const [inspection] = jsonLines(stdout);
  expect(inspection).toMatchObject({
    family: 'llama',
    family_source: 'reference',
    layers: 4,
    exported_parameters: 2_342_592,
    vocabulary: { padding: 48, source: 'reference' },
    failure: null,
  });
  expect(inspection?.['tensors']).toContainEqual(
    expect.objectContaining({ key: 'output_layer.weight', shape: [2048, 192], to: ['lm_head.weight'], dropped: null }),
  );
});

test('a reference that does not fit is told, and the checkpoint shown all the same', async () => {
  const { stdout, stderr, exitCode } = await runCli(['inspect', ITERATION, '-r', `${PER_LAYER}/reference`]);
  expect(exitCode).toBe(1);
  expect(stdout).toContain('embedding.word_embeddings.weight');
  expect(stderr).toContain('no mapping: ReferenceMismatch');
});
