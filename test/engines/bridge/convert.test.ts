import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversionRequest } from '../../../src/contract/index.ts';
import { ConversionError } from '../../../src/contract/failures.ts';
import type { BridgePolicy } from '../../../src/contract/bridge.ts';
import { convert } from '../../../src/engines/convert.ts';
import { validateParallelism } from '../../../src/engines/preflight.ts';
import { verify } from '../../../src/engines/verify.ts';
import { findProcesses } from '../../../src/launch/find-processes.ts';
import {
  bridgeInput,
  bridgePolicy,
  bridgeSurroundings,
  completenessOf,
  SCRIPTS,
  unknownReference,
} from '../../support/bridge-worker.ts';
import { copyIteration, digestTensors, expectedOf, temporaryDirectory } from '../../support/rank-conversion.ts';

let directory: string;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function run(name: string, request: Partial<ConversionRequest>, bridge: BridgePolicy) {
  const input = await bridgeInput(join(directory, name), request);
  const surroundings = bridgeSurroundings(bridge);
  const preflight = await validateParallelism(input, await completenessOf(input.megatron_path), surroundings);
  const again = () => convert(input, preflight, surroundings);
  return { input, preflight, surroundings, again, converted: await again() };
}

describe('a converter that works', () => {
  it('of the older generation, under torchrun: the bytes of the checkpoint, and files as asked for', async () => {
    const request = { torchrun: { nproc_per_node: 2 }, tp: 2 } as const;
    const { input, preflight, surroundings, converted, again } = await run('examples', request, bridgePolicy());
    expect(preflight).toMatchObject({ engine: 'bridge', family: 'llama', ranks: 2, tensors: 39, files: 2 });
    expect(await digestTensors(join(converted.staging, 'export'))).toEqual((await expectedOf('llama-trained')).tensors);
    expect(converted).toMatchObject({ files: 2, files_reused: 0, bytes_reused: 0, attempt: 1 });
    expect(converted.converter).toMatchObject({
      script: SCRIPTS.examples,
      generation: 'examples',
      versions: { torch: expect.stringMatching(/^\d/) as string },
    });
    expect(converted.converter?.arguments).toEqual(
      expect.arrayContaining(['export', '--tp', '2', '--torch-dtype', 'bfloat16', '--distributed-save']),
    );
    const verified = await verify({ ...input, verify: 'readback' }, preflight, converted, surroundings);
    expect(verified).toMatchObject({ tensors: 39, files: 2 });
    // What is left of staging beside the export is small: the attempt is gone.
    expect((await readdir(converted.staging)).filter((entry) => entry.startsWith('attempt-'))).toEqual([]);
    expect(await again()).toMatchObject({ files_reused: 2, bytes_written: 0, converter: converted.converter });
  });

  it('of the newer generation, with a checkpoint of Megatron-Bridge', async () => {
    const checkpoint = await copyIteration('llama-trained', join(directory, 'with-run-config'));
    await writeFile(
      join(checkpoint, 'run_config.yaml'),
      'model:\n  _target_: megatron.bridge.models.gpt_provider.GPTModelProvider\n  hidden_size: 192\n',
    );
    const request = { megatron_path: checkpoint, distributed_save: false, distributed_timeout_minutes: 5 };
    const { converted } = await run('scripts', request, bridgePolicy({ script: SCRIPTS.scripts }));
    expect(await digestTensors(join(converted.staging, 'export'))).toEqual((await expectedOf('llama-trained')).tensors);
    expect(converted.converter?.generation).toBe('scripts');
    expect(converted.converter?.arguments).toEqual(
      expect.arrayContaining(['--device', 'gpu', '--no-distributed-save', '--distributed-timeout-minutes', '5']),
    );
  });

  it('distributed=false: AutoBridge in one process, for a model that no table knows', async () => {
    const request = { engine: 'auto', distributed: false, hf_model_id: await unknownReference(directory) } as const;
    const { preflight, converted } = await run('helper', request, bridgePolicy({ script: '/nowhere/convert.py' }));
    expect(preflight).toMatchObject({ engine: 'bridge', family: '(HomegrownForCausalLM)', ranks: 1, tensors: 39 });
    expect(preflight.notes.at(-1)).toContain('no table knows the model');
    expect(await digestTensors(join(converted.staging, 'export'))).toEqual((await expectedOf('llama-trained')).tensors);
    expect(converted.converter?.generation).toBe('helper');
    const plan = JSON.parse(await readFile(join(converted.staging, 'plan.json'), 'utf8')) as { books: unknown };
    expect(plan.books).toMatchObject({
      mapped: { rule: 'left to Megatron-Bridge', tensors: 9 },
      vocabularyPadding: { rows: 96, bytes: 96 * 192 * 2 },
      produced: 39,
    });
    expect(converted.warnings.join()).not.toContain('were expected');
  });
});

async function failure(mode: string, request: Partial<ConversionRequest> = {}): Promise<ConversionError> {
  const attempt = run(mode.replaceAll(' ', '-'), request, bridgePolicy({}, mode));
  const error: unknown = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConversionError);
  return error as ConversionError;
}

describe('a converter that misbehaves', () => {
  it('exit 0 with a missing tensor: the books are not closed, and nothing is exported', async () => {
    const error = await failure('missing tensor');
    expect(error.type).toBe('BooksNotClosed');
    expect(error.problems).toEqual(['model.layers.3.mlp.down_proj.weight was not written']);
    const staging = (await readdir(directory)).find(
      (name) => name.startsWith('.missing-tensor.') && name.endsWith('.partial'),
    );
    expect(await readdir(join(directory, staging ?? '', 'export'))).toEqual([]);
  });

  it('exit 0 with an index that knows files which are not there', async () => {
    const error = await failure('partial shard map');
    expect(error.type).toBe('VerificationFailed');
    expect(error.message).toContain('in model-00002-of-00002.safetensors, where it is not');
    expect(error.message).toContain('was not written');
  });

  it('exit 0 with the padding of the vocabulary', async () => {
    const error = await failure('padded vocabulary');
    expect(error.problems).toEqual(['lm_head.weight has the shape [2048, 192], expected [2000, 192]']);
  });

  it('out of GPU memory: says so, and what to do', async () => {
    const error = await failure('oom', { torchrun: { nproc_per_node: 2 }, tp: 2 });
    expect(error.type).toBe('RankFailed');
    expect(error.message).toContain(
      'A rank ran out of memory: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 9.50 GiB',
    );
    expect(error.message).toContain('larger tp, pp or ep');
    expect(error.facts['final']).toBeUndefined();
  });

  it('killed: an attempt that another one follows, until too many finish nothing', async () => {
    const error = await failure('kill', { retry: { fruitless_attempts: 1 } });
    expect(error.type).toBe('RankFailed');
    expect(error.message).toMatch(/signal 9|SIGKILL/);
    expect(error.facts['final']).toBe(true);
  });

  it('hangs: ended after retry.stall', async () => {
    const error = await failure('hang', { retry: { stall: '6s' } });
    expect(error.type).toBe('ConversionStalled');
    expect((error.facts['tail'] as string[]).join()).toContain('Loading Megatron checkpoint');
  });

  it.each(['orphan', 'orphan program'])(
    'ends well and leaves a process behind (%s): it does not live on, and its pipes hold nobody up',
    async (mode) => {
      const error = await failure(mode, { torchrun: { nproc_per_node: 1 } });
      expect(error.type).toBe('VerificationFailed');
      expect(error.message).toContain('holds no tensors, although the converter ended with code 0');
      const name = `.${mode.replaceAll(' ', '-')}.`;
      const staging = (await readdir(directory)).find((entry) => entry.startsWith(name) && entry.endsWith('.partial'));
      expect(staging).toBeDefined();
      expect(await findProcesses(['--staging', join(directory, staging ?? '')])).toEqual([]);
    },
  );

  it('does not know an argument of the operator: final, and names where it is set', async () => {
    const bridge = bridgePolicy({ extraArgs: ['--fast'] });
    const error = (await run('extra', {}, bridge).catch((reason: unknown) => reason)) as ConversionError;
    expect(error.message).toContain('unrecognized arguments: --fast');
    expect(error.message).toContain('bridge.extra_args');
    expect(error.facts['final']).toBe(true);
  });
});
