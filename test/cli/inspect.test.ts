import { expect, test } from 'vitest';
import { FIXTURE, ITERATION, ROOT, findIteration, jsonLines, runCli } from './run-cli.ts';

const PER_LAYER = `${ROOT}fixtures/mistral-per-layer`;

test('without a reference: what is there and what is never converted', async () => {
  const { stdout, exitCode } = await runCli(['inspect', ITERATION]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('layers      4');
  expect(stdout).toMatch(/^decoder\.layers\.mlp\.linear_fc1\.weight +BF16 +\[4, 1024, 192\]$/m);
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
  expect(inspection).toMatchObject({ family: 'llama', layers: 4, failure: null });
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
