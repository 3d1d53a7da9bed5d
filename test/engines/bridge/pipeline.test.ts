import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { ConversionResult } from '../../../src/contract/index.ts';
import { validateParallelism } from '../../../src/engines/preflight.ts';
import { runPipeline } from '../../../src/engines/run-pipeline.ts';
import { Manifest } from '../../../src/publish/manifest.ts';
import {
  bridgeInput,
  bridgePolicy,
  bridgeSurroundings,
  completenessOf,
  SCRIPTS,
  unknownReference,
} from '../../support/bridge-worker.ts';
import { digestTensors, expectedOf, temporaryDirectory } from '../../support/rank-conversion.ts';

it('a model that no table knows: converted by two ranks, tried out, published; and not converted again', async () => {
  const directory = await temporaryDirectory();
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const hf_path = join(directory, 'hf');
  const input = await bridgeInput(hf_path, {
    engine: 'auto',
    hf_model_id: await unknownReference(directory),
    torchrun: { nproc_per_node: 2 },
    tp: 2,
  });
  const seen: string[] = [];
  const surroundings = bridgeSurroundings(bridgePolicy(), {
    onProgress: ({ phase, message }) => {
      if (phase === 'convert') seen.push(message);
    },
  });
  const result: ConversionResult = await runPipeline(input, surroundings);

  expect(result).toMatchObject({
    engine: 'bridge',
    family: '(HomegrownForCausalLM)',
    validation: 'VALIDATED',
    tensors: 39,
    files: 2,
    ranks: 2,
  });
  expect(await digestTensors(hf_path)).toEqual((await expectedOf('llama-trained')).tensors);
  // What the converter said, and how far its files are.
  expect(seen.join('\n')).toContain('Export complete');
  const manifest = Manifest.parse(JSON.parse(await readFile(join(hf_path, 'export_manifest.json'), 'utf8')));
  expect(manifest.engine.converter).toMatchObject({ script: SCRIPTS.examples, generation: 'examples' });
  expect(manifest.engine.converter?.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(manifest.engine.converter?.arguments).toContain('--distributed-save');
  expect(manifest.books.mapped.rule).toBe('left to Megatron-Bridge');
  // The index is ours, and so are config and tokenizer: the converter's own words are not in the export.
  const index = JSON.parse(await readFile(join(hf_path, 'model.safetensors.index.json'), 'utf8')) as {
    metadata: unknown;
  };
  expect(index.metadata).toEqual({ total_parameters: 2_342_592, total_size: 4_685_184 });
  expect(JSON.parse(await readFile(join(hf_path, 'config.json'), 'utf8'))).toMatchObject({ vocab_size: 2000 });
  expect((await readdir(dirname(hf_path))).filter((name) => name.startsWith('.hf.'))).toEqual([]);

  const otherWorker = bridgeSurroundings(bridgePolicy({}, 'kill'));
  const { notes } = await validateParallelism(input, await completenessOf(input.megatron_path), otherWorker);
  expect(notes.join('\n')).toContain('hf_path holds this very export already, VALIDATED, published by');
  const again = await runPipeline(input, otherWorker);
  expect(again).toMatchObject({ already_published: true, validation: 'VALIDATED', files_reused: 2 });
});
